package smartdm.sim;

import java.nio.charset.StandardCharsets;

/** What the card says when it is powered on (ISO 7816-3, 8.2). */
final class Atr {
  private static final byte DIRECT = 0x3B;

  /**
   * Historical bytes of category 80: card issuer's data, compact TLV tag 5 (ISO 7816-4, 12.1.1).
   */
  private static final byte CATEGORY = (byte) 0x80;

  private static final int ISSUER_DATA = 0x50;

  private Atr() {}

  /** Offers T=1 with blocks of 254 bytes, or T=0 alone. */
  static byte[] of(boolean t0) {
    byte[] name = "smartdm".getBytes(StandardCharsets.US_ASCII);
    int historical = 2 + name.length;
    byte[] interfaces = t0 ? new byte[0] : new byte[] {(byte) 0x81, 0x11, (byte) 0xFE};
    int check = t0 ? 0 : 1; // TCK is there unless T=0 alone is offered
    byte[] atr = new byte[2 + interfaces.length + historical + check];
    int at = 0;
    atr[at++] = DIRECT;
    atr[at++] = (byte) ((t0 ? 0 : 0x80) | historical);
    System.arraycopy(interfaces, 0, atr, at, interfaces.length);
    at += interfaces.length;
    atr[at++] = CATEGORY;
    atr[at++] = (byte) (ISSUER_DATA | name.length);
    System.arraycopy(name, 0, atr, at, name.length);
    if (!t0) {
      for (int i = 1; i < atr.length - 1; i++) {
        atr[atr.length - 1] ^= atr[i];
      }
    }
    return atr;
  }
}
