package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;

/** Level 9: the bytes of a command: the next one, texts, and what is allowed in them. */
abstract class Input extends Answers {
  Input(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  // The next unsigned byte.
  final short u8(byte[] buf) {
    return (short) (buf[skip((short) 1)] & 0xFF);
  }

  // Step over bytes; returns the offset of the first.
  final short skip(short len) {
    final short at = words[AT];
    words[AT] = (short) (at + len);
    Memory.atMost(words[AT], words[END], (byte) Wire.SW_TRUNCATED);
    return at;
  }

  // Step over a length byte and its text; returns the offset of the length byte.
  final short text(byte[] buf) {
    final short at = words[AT];
    skip(u8(buf));
    return at;
  }

  // Step over a Type or Title: 1 to 127 bytes, since an empty one is left out.
  final void property(byte[] buf) {
    final short at = text(buf);
    if (buf[at] <= 0) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    utf8(buf, at);
  }

  /** A name: no '/', '?' or control character, not ending in '.'; or empty. */
  static void name(byte[] buf, short off) {
    short left = (short) (buf[off] & 0xFF);
    Memory.atMost(left, Wire.LIMIT_NAME, (byte) Wire.SW_NAME_TOO_LONG);
    // Of an empty one this is its length, 0.
    byte c = buf[(short) (off + left)];
    if (c == (byte) '.') {
      Memory.refuse((byte) Wire.SW_BAD_NAME);
    }
    for (; left > 0; left--) {
      c = buf[(short) (off + left)];
      if (c == (byte) '/' || c == (byte) '?' || c == (byte) 0x7F || (c & ~0x1F) == 0) {
        Memory.refuse((byte) Wire.SW_BAD_NAME);
      }
    }
    utf8(buf, off);
  }

  /**
   * L, at most 127, well-formed UTF-8 (RFC 3629). Signed comparison is right: all bytes beyond
   * ASCII are negative.
   */
  static void utf8(byte[] buf, short off) {
    final short end = (short) (off + buf[off++] + 1);
    while (off < end) {
      byte lead = buf[off++];
      if (lead < 0) {
        // The first two bytes as a number tell what is too long, a surrogate or beyond 10FFFF.
        final short pair = Util.getShort(buf, (short) (off - 1));
        final short row = (short) (pair & ~0x1F);
        if (pair < (short) 0xC280
            || pair > (short) 0xF48F
            || row == (short) 0xE080
            || row == (short) 0xEDA0
            || (short) (pair & ~0x0F) == (short) 0xF080) {
          Memory.refuse((byte) Wire.SW_BAD_TEXT);
        }
        // One, two or three more bytes, 80 to BF, for Cx/Dx, Ex, Fx.
        for (lead <<= 1; lead < 0; lead <<= 1) {
          if (off >= end || buf[off++] >= (byte) 0xC0) {
            Memory.refuse((byte) Wire.SW_BAD_TEXT);
          }
        }
      }
    }
  }

  // A Type that is told, or one from the list of known ones.
  static final void knownType(short meta) {
    if ((byte) meta != Wire.META_INLINE && meta >= Wire.LIMIT_TYPES) {
      Memory.refuse((byte) Wire.SW_UNSUPPORTED);
    }
  }

  static final void checkFormat(short format, short len) {
    if (format > Wire.FORMAT_FLOAT
        || format == Wire.FORMAT_NODE
        || (format == Wire.FORMAT_NULL && len > 0)) {
      Memory.refuse((byte) Wire.SW_BAD_FORMAT);
    }
  }
}
