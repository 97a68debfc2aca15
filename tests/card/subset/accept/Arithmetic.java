package accept;

/** Numbers that the converter takes: whatever may leave 16 bits is cast before it is used. */
final class Arithmetic {

  static final short K = 40;
  static short field;

  static short plain(short s, byte b) {
    s++;
    b += 4;
    s -= 3;
    s *= 2;
    s /= 3;
    s <<= 2;
    s >>= 1;
    s >>>= 3;
    s = (short) (s * b + K);
    s = (short) (s * s * s);
    s = (short) -s;
    return (short) ((s + 1) + (b + 2) - (s & 0x0F));
  }

  static short bytes(byte[] a, short[] table, short s) {
    a[0] += 3;
    a[1] |= (byte) 0x80;
    a[2] >>>= 1;
    table[s]++;
    a[s++] = a[s];
    a[(short) (s + 1)] ^= a[s & 7];
    s = (short) ((s << 8) ^ table[((s >> 8) ^ a[0]) & 0xFF]);
    return (short) ((a[0] & 0xFF) << 8 | (a[1] & 0xFF));
  }

  static boolean compared(short s, byte b, byte[] a) {
    boolean high = (b & 0xFF) > 0x80;
    boolean low = (s & 0x0F) != 3 && s >> 2 < 3 && s % 7 == 1;
    boolean sum = b + b > 3 && b + 1 < 3 && (b & 7) + 1 > 3 && (byte) (s + 1) == b;
    boolean masked = ((s + s) & 7) == 0 && (short) (s + b) > a.length;
    boolean status = s == (short) 0x9000 && (s & (short) 0x8000) != 0;
    return (high ^ low) | (sum & masked) | status;
  }

  static short shifted(short s, byte b) {
    s = (short) (s >> (s + 1));
    s = (short) (s << (b + 1));
    s = (short) ((short) (s + b) >> 1);
    s = (short) ((s & 0xFF) >>> 2);
    return (byte) (s >>> 8);
  }

  static short divided(short s, byte b) {
    s = (short) (s / (b + 1));
    s = (short) ((short) (s / 2) / 3);
    return (short) (s % b);
  }

  static short chosen(short s, byte b, byte[] a) {
    switch (a[0] & 0xF0) {
      case 0x10:
        return s > 0 ? s : b;
      case 0x20:
        return (short) (s > 0 ? s + 1 : b);
      default:
        break;
    }
    switch (s) {
      case -32768:
        return 1;
      case 32767:
        return (short) 'a';
      default:
        return Arithmetic.plain((short) (s + 1), b);
    }
  }

  static short looped(byte[] a) {
    short n = 0;
    for (short i = 0; i < a.length; i++) {
      n++;
    }
    for (byte i = 9; --i >= 0; ) {
      field += i;
    }
    return n;
  }
}
