package reject;

/** Constants beyond 16 bits, and types that a card lacks. */
final class Numbers {

  static short mask(short s) {
    return (short) (s & 0xFFFF); // reject: constant
  }

  static boolean status(short s) {
    return s == 0x9000; // reject: constant, intermediate
  }

  static boolean highBit(short s) {
    return (s & 0x8000) != 0; // reject: constant, intermediate
  }

  static short local(short s) {
    int i = s; // reject: type
    return (short) i;
  }

  static short constantLocal(short s) {
    final int k = 3; // reject: type
    return (short) (s + k);
  }

  static short counter(short s) {
    for (int i = 0; i < 3; i++) { // reject: type, intermediate
      s++;
    }
    return s;
  }

  static short forEach(byte[] a, short s) {
    for (byte x : a) { // reject: type
      s += x;
    }
    return s;
  }

  static short wide(short s) {
    long l = s; // reject: type
    return (short) l; // reject: type
  }

  static short real(short s) {
    float f = s; // reject: type
    return (short) f; // reject: type
  }

  static short letter(short s) {
    return (short) (char) s; // reject: type
  }
}
