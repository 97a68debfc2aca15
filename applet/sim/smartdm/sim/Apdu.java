package smartdm.sim;

/** The form of a command APDU (ISO 7816-3, 12.1), checked before jCardSim sees it. */
final class Apdu {
  private static final int HEADER = 4;

  private Apdu() {}

  static void check(byte[] command) {
    int body = command.length - HEADER;
    if (body < 0) {
      throw new SimError("malformed APDU: " + command.length + " bytes, at least 4 are needed");
    }
    if (body <= 1) {
      return; // case 1 and 2
    }
    int lc = command[HEADER] & 0xFF;
    boolean extended = lc == 0;
    int lengths = extended ? 3 : 1;
    if (extended) {
      if (body < lengths || body == lengths) {
        requireFit(body == lengths, "an extended length field", command);
        return; // case 2 extended
      }
      lc = (command[HEADER + 1] & 0xFF) << 8 | command[HEADER + 2] & 0xFF;
    }
    int le = body - lengths - lc;
    boolean fits = lc > 0 && (le == 0 || le == (extended ? 2 : 1));
    requireFit(fits, "Lc " + lc + " and perhaps Le", command);
  }

  private static void requireFit(boolean fits, String what, byte[] command) {
    if (!fits) {
      throw new SimError("malformed APDU: its " + command.length + " bytes do not fit " + what);
    }
  }
}
