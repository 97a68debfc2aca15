package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;
import javacard.security.CryptoException;
import javacard.security.MessageDigest;

/**
 * Level 17: MD5 (RFC 1321), by the card or, where it has none, computed here; and Base64.
 *
 * <p>{@code staging} is the scratch: no batch is open. A message comes byte by byte; its digest is
 * at TEXT, and the next message has begun. Numbers of 32 bits are four bytes, the lowest first, as
 * MD5 has them: so the sums need no more than a short.
 */
abstract class Digest extends Secrets {
  static final short DIGEST_LEN = (short) 16;
  // In staging: the block in hand, the state, that of the block in hand, a word twice with its
  // highest byte first, a digest.
  private static final short BLOCK_MASK = (short) 63;
  private static final short SUM = (short) 64;
  private static final short WORK = (short) 80;
  private static final short TWICE = (short) 96;
  static final short TEXT = (short) 104;
  private static final short TEXT_LEN = (short) 24;
  // Where a block has room for nothing but the length of the message.
  private static final short LENGTH_AT = (short) 56;
  private static final short START = (short) 256;
  private static final short ROTATIONS = (short) 272;
  // The sines, the first state, then by how many bits the four steps of each round rotate.
  private static final byte[] TABLE = {
    120, -92, 106, -41, 86, -73, -57, -24, -37, 112, 32, 36, -18, -50, -67, -63, -81, 15, 124, -11,
    42, -58, -121, 71, 19, 70, 48, -88, 1, -107, 70, -3, -40, -104, -128, 105, -81, -9, 68, -117,
    -79, 91, -1, -1, -66, -41, 92, -119, 34, 17, -112, 107, -109, 113, -104, -3, -114, 67, 121, -90,
    33, 8, -76, 73, 98, 37, 30, -10, 64, -77, 64, -64, 81, 90, 94, 38, -86, -57, -74, -23, 93, 16,
    47, -42, 83, 20, 68, 2, -127, -26, -95, -40, -56, -5, -45, -25, -26, -51, -31, 33, -42, 7, 55,
    -61, -121, 13, -43, -12, -19, 20, 90, 69, 5, -23, -29, -87, -8, -93, -17, -4, -39, 2, 111, 103,
    -118, 76, 42, -115, 66, 57, -6, -1, -127, -10, 113, -121, 34, 97, -99, 109, 12, 56, -27, -3, 68,
    -22, -66, -92, -87, -49, -34, 75, 96, 75, -69, -10, 112, -68, -65, -66, -58, 126, -101, 40, -6,
    39, -95, -22, -123, 48, -17, -44, 5, 29, -120, 4, 57, -48, -44, -39, -27, -103, -37, -26, -8,
    124, -94, 31, 101, 86, -84, -60, 68, 34, 41, -12, -105, -1, 42, 67, -89, 35, -108, -85, 57, -96,
    -109, -4, -61, 89, 91, 101, -110, -52, 12, -113, 125, -12, -17, -1, -47, 93, -124, -123, 79,
    126, -88, 111, -32, -26, 44, -2, 20, 67, 1, -93, -95, 17, 8, 78, -126, 126, 83, -9, 53, -14, 58,
    -67, -69, -46, -41, 42, -111, -45, -122, -21, 1, 35, 69, 103, -119, -85, -51, -17, -2, -36, -70,
    -104, 118, 84, 50, 16, 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21
  };

  // Null where the card has no MD5.
  private final MessageDigest md5;

  Digest(byte[] buf, short at, short end) {
    super(buf, at, end);
    md5 = found();
  }

  // By itself: what constructors catch does not outlive that all layers become one.
  private static MessageDigest found() {
    try {
      return MessageDigest.getInstance(MessageDigest.ALG_MD5, false);
    } catch (CryptoException noSuchAlgorithm) {
      return null;
    }
  }

  /** Begin a message; what is in hand is forgotten. */
  final void begin() {
    words[HASHED] = (short) 0;
    Util.arrayCopyNonAtomic(TABLE, START, staging, SUM, DIGEST_LEN);
  }

  /** Append bytes of an array to the message. */
  final void hash(byte[] src, short at, short len) {
    while (--len >= 0) {
      hash(src[at++]);
    }
  }

  /** Append a byte to the message. */
  final void hash(short value) {
    final short[] w = words;
    staging[(short) (w[HASHED] & BLOCK_MASK)] = (byte) value;
    if ((short) (++w[HASHED] & BLOCK_MASK) == 0) {
      if (md5 != null) {
        md5.update(staging, (short) 0, SUM);
      } else {
        compress(staging);
      }
    }
  }

  /** Append a colon and the Base64 of a digest to the message, without the colon at its begin. */
  final void hashText(byte[] src, short at) {
    final byte[] s = staging;
    Util.arrayCopyNonAtomic(src, at, s, TEXT, DIGEST_LEN);
    // The last of 22 characters has bits of no byte.
    s[(short) (TEXT + DIGEST_LEN)] = (byte) 0;
    short bit = (short) 10;
    at = TEXT;
    for (short i = 0; i < TEXT_LEN; i++) {
      short c = (short) (Util.getShort(s, at) >> bit & 63);
      bit -= (short) 6;
      if (bit < 0) {
        bit += (short) 8;
        at++;
      }
      if (i >= 22) {
        c = '=';
      } else if (c >= 62) {
        c = (short) (c * 4 + ('+' - 248));
      } else if (c >= 52) {
        c = (short) (c + ('0' - 52));
      } else if (c >= 26) {
        c = (short) (c + ('a' - 26));
      } else {
        c = (short) (c + 'A');
      }
      hash(c);
    }
  }

  /** End the message: its digest is at TEXT. */
  final void digest() {
    final short[] w = words;
    final short len = w[HASHED];
    if (md5 != null) {
      md5.doFinal(staging, (short) 0, (short) (len & BLOCK_MASK), staging, SUM);
    } else {
      hash((short) 0x80);
      while ((short) (w[HASHED] & BLOCK_MASK) != LENGTH_AT) {
        hash((short) 0);
      }
      // Bits: no message has more than 8,191 bytes.
      hash((short) (len << 3));
      hash((short) (len >> 5));
      do {
        hash((short) 0);
      } while ((short) (w[HASHED] & BLOCK_MASK) != 0);
    }
    Util.arrayCopyNonAtomic(staging, SUM, staging, TEXT, DIGEST_LEN);
    begin();
  }

  // One block: 64 steps, each of which makes a new word from all four, in the place of the first.
  private static void compress(byte[] s) {
    Util.arrayCopyNonAtomic(s, SUM, s, WORK, DIGEST_LEN);
    for (short i = 0; i < 64; i++) {
      step(s, i);
    }
    short carry = 0;
    for (short j = 0; j < DIGEST_LEN; j++) {
      if ((j & 3) == 0) {
        carry = (short) 0;
      }
      carry = (short) (carry + (s[(short) (SUM + j)] & 0xFF) + word(s, j));
      s[(short) (SUM + j)] = (byte) carry;
      carry = (short) (carry >> 8);
    }
  }

  private static void step(byte[] s, short i) {
    short carry = 0;
    short j = 0;
    do {
      carry = (short) (carry + mixed(s, i, j));
      s[(short) (TWICE + 3 - j)] = (byte) carry;
      s[(short) (TWICE + 7 - j)] = (byte) carry;
      carry = (short) (carry >> 8);
    } while (++j < 4);
    final short bits = TABLE[(short) (ROTATIONS + (i >> 2 & 12) + (i & 3))];
    carry = (short) 0;
    j = (short) 0;
    do {
      final short at = (short) (j - 4 * i);
      final short pair = Util.getShort(s, (short) (TWICE + 3 - j + (bits >> 3)));
      carry = (short) (carry + (pair >> (8 - (bits & 7)) & 0xFF) + word(s, (short) (at + 4)));
      s[(short) (WORK + (at & 15))] = (byte) carry;
      carry = (short) (carry >> 8);
    } while (++j < 4);
  }

  // Byte j of what step i adds up.
  private static short mixed(byte[] s, short i, short j) {
    final short at = (short) (j - 4 * i);
    final short b = word(s, (short) (at + 4));
    final short c = word(s, (short) (at + 8));
    final short d = word(s, (short) (at + 12));
    short f = (short) (b ^ c ^ d);
    short k = (short) (3 * i + 5);
    if (i < 16) {
      f = (short) (d ^ b & (c ^ d));
      k = i;
    }
    if ((i & 48) == 16) {
      f = (short) (c ^ d & (b ^ c));
      k = (short) (5 * i + 1);
    }
    if (i >= 48) {
      f = (short) (c ^ (b | d ^ 0xFF));
      k = (short) (7 * i);
    }
    return (short)
        (word(s, at)
            + f
            + (TABLE[(short) (4 * i + j)] & 0xFF)
            + (s[(short) (4 * (k & 15) + j)] & 0xFF));
  }

  private static short word(byte[] s, short at) {
    return (short) (s[(short) (WORK + (at & 15))] & 0xFF);
  }
}
