package smartdm.sim;

/** The form of a command APDU (ISO 7816-3, 12.1), checked before jCardSim sees it. */
final class Apdu {
  private static final int HEADER = 4;

  private Apdu() {}

  static void check(byte[] command) {
    String fault = fault(command);
    if (fault != null) {
      throw new SimError("malformed APDU: " + fault);
    }
  }

  /** What is wrong with a command; null for nothing. */
  static String fault(byte[] command) {
    int body = command.length - HEADER;
    if (body < 0) {
      return command.length + " bytes, at least 4 are needed";
    }
    if (body <= 1) {
      return null; // case 1 and 2
    }
    int lc = command[HEADER] & 0xFF;
    boolean extended = lc == 0;
    int lengths = extended ? 3 : 1;
    if (extended) {
      if (body <= lengths) { // case 2 extended
        return body == lengths ? null : misfit(command, "an extended length field");
      }
      lc = (command[HEADER + 1] & 0xFF) << 8 | command[HEADER + 2] & 0xFF;
    }
    int le = body - lengths - lc;
    boolean fits = lc > 0 && (le == 0 || le == (extended ? 2 : 1));
    return fits ? null : misfit(command, "Lc " + lc + " and perhaps Le");
  }

  private static String misfit(byte[] command, String what) {
    return "its " + command.length + " bytes do not fit " + what;
  }
}
