package smartdm.sim;

/** Hex digits, without the start-up cost of String.format. */
final class Hex {
  private static final String DIGITS = "0123456789ABCDEF";

  private Hex() {}

  /** Four digits of a status word. */
  static String word(int value) {
    byte[] bytes = {(byte) (value >> 8), (byte) value};
    return of(bytes);
  }

  static String of(byte[] bytes) {
    StringBuilder text = new StringBuilder(2 * bytes.length);
    for (byte b : bytes) {
      text.append(DIGITS.charAt(b >> 4 & 15)).append(DIGITS.charAt(b & 15));
    }
    return text.toString();
  }

  static byte[] parse(String text) {
    if (text.length() % 2 != 0) {
      throw new SimError("an odd number of hex digits: " + text);
    }
    byte[] bytes = new byte[text.length() / 2];
    for (int i = 0; i < bytes.length; i++) {
      int high = Character.digit(text.charAt(2 * i), 16);
      int low = Character.digit(text.charAt(2 * i + 1), 16);
      if (high < 0 || low < 0) {
        throw new SimError("not hex: " + text);
      }
      bytes[i] = (byte) (high << 4 | low);
    }
    return bytes;
  }
}
