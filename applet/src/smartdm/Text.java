package smartdm;

import javacard.framework.ISOException;

/** Checks of text that a node is to keep. */
final class Text {
  // Well-formed UTF-8 beyond ASCII (RFC 3629): first byte from, to; second byte from, to. Bytes
  // that
  // follow are 80 to BF; the length is told by the first.
  private static final byte[] UTF8 = {
    (byte) 0xC2, (byte) 0xDF, (byte) 0x80, (byte) 0xBF,
    (byte) 0xE0, (byte) 0xE0, (byte) 0xA0, (byte) 0xBF,
    (byte) 0xE1, (byte) 0xEC, (byte) 0x80, (byte) 0xBF,
    (byte) 0xED, (byte) 0xED, (byte) 0x80, (byte) 0x9F,
    (byte) 0xEE, (byte) 0xEF, (byte) 0x80, (byte) 0xBF,
    (byte) 0xF0, (byte) 0xF0, (byte) 0x90, (byte) 0xBF,
    (byte) 0xF1, (byte) 0xF3, (byte) 0x80, (byte) 0xBF,
    (byte) 0xF4, (byte) 0xF4, (byte) 0x80, (byte) 0x8F
  };

  private Text() {}

  /** A name but for its UTF-8: not empty, no '/' or control character, not ending in '.'. */
  static void name(byte[] buf, short off) {
    final short len = (short) (buf[off++] & 0xFF);
    Memory.atMost(len, Wire.LIMIT_NAME, Wire.SW_NAME_TOO_LONG);
    final short end = (short) (off + len);
    segment(buf, off, end);
    for (; off < end; off++) {
      final byte c = buf[off];
      if (c == (byte) '/' || c == (byte) 0x7F || (c & ~0x1F) == 0) {
        ISOException.throwIt(Wire.SW_BAD_NAME);
      }
    }
  }

  /** What every segment of a URI must be: not empty, not ending in '.'; returns its length. */
  static short segment(byte[] buf, short off, short end) {
    if (off == end || buf[(short) (end - 1)] == (byte) '.') {
      ISOException.throwIt(Wire.SW_BAD_NAME);
    }
    return (short) (end - off);
  }

  /** Well-formed UTF-8. */
  static void utf8(byte[] buf, short off, short end) {
    while (off < end) {
      final byte first = buf[off++];
      if (first < 0) {
        off = multibyte(buf, off, end, first);
      }
    }
  }

  // Signed comparison is right here: all bytes are negative, or refused.
  private static short multibyte(byte[] buf, short off, short end, byte first) {
    for (short row = 0; row < (short) UTF8.length; row = (short) (row + 4)) {
      if (first >= UTF8[row] && first <= UTF8[(short) (row + 1)]) {
        byte low = UTF8[(short) (row + 2)];
        byte high = UTF8[(short) (row + 3)];
        // One, two or three more bytes for Cx/Dx, Ex, Fx.
        for (first <<= 1; first < 0; first <<= 1) {
          if (off >= end || buf[off] < low || buf[off] > high) {
            ISOException.throwIt(Wire.SW_BAD_TEXT);
          }
          off++;
          low = (byte) 0x80;
          high = (byte) 0xBF;
        }
        return off;
      }
    }
    ISOException.throwIt(Wire.SW_BAD_TEXT);
    return off;
  }

  /** A packed ACL: entries of mask, L, id. */
  static void acl(byte[] buf, short off, short end) {
    // A mask alone at the end is refused before a byte behind it is read.
    while (off < end) {
      final short id = (short) (off + 2);
      final byte mask = buf[off];
      off = id;
      if (id < end) {
        off = (short) (id + buf[(short) (id - 1)]);
      }
      if (mask <= 0 || mask >= 2 * Wire.VERB_REPLACE || off <= id || off > end) {
        ISOException.throwIt(Wire.SW_BAD_ACL);
      }
    }
  }
}
