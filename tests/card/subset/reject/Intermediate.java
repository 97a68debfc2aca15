package reject;

/** Values that javac and the card reckon differently, used without a cast. */
final class Intermediate {

  static boolean sum(short s) {
    return s + 3 > 7; // reject: intermediate
  }

  static boolean sumIsZero(short s, byte b) {
    return s + b == 0; // reject: intermediate
  }

  static boolean threeBytes(byte b) {
    return b + b + b > 3; // reject: intermediate
  }

  static boolean product(short s) {
    return s * 2 > 3; // reject: intermediate
  }

  static boolean shiftedLeft(byte b) {
    return (b << 1) > 3; // reject: intermediate
  }

  static boolean quotient(short s) {
    return s / 2 > 3; // reject: intermediate
  }

  static boolean negative(short s) {
    return -s > 3; // reject: intermediate
  }

  static boolean shiftedWithZeros(byte b) {
    return b >>> 2 > 3; // reject: intermediate
  }

  static short sumShifted(short s, byte b) {
    return (short) ((s + b) >> 1); // reject: intermediate
  }

  static short sumShiftedWithZeros(short s, byte b) {
    return (short) ((s + b) >>> 1); // reject: intermediate
  }

  static short sumDivided(short s, byte b) {
    return (short) ((s + b) / 2); // reject: intermediate
  }

  static short divisor(short s) {
    return (short) (s / (s + 1)); // reject: intermediate
  }

  static short remainder(short s, byte b) {
    return (short) ((s + b) % 2); // reject: intermediate
  }

  static byte index(byte[] a, short s) {
    return a[s - 1]; // reject: intermediate
  }

  static void storeIndex(byte[] a, short s) {
    a[s * 2] = 1; // reject: intermediate
  }

  static byte lastOf(byte[] a) {
    return a[a.length - 1]; // reject: intermediate
  }

  static boolean lengths(byte[] a, short s) {
    return a.length - 1 > s; // reject: intermediate
  }

  static short switched(short s) {
    switch (s + 3) { // reject: intermediate
      case 1:
        return 2;
      default:
        return 3;
    }
  }

  static boolean chosen(short s, byte b) {
    return (s > 0 ? s + 1 : b) > 3; // reject: intermediate
  }

  static boolean twoSums(short s) {
    return ((s + s) & (s + 1)) == 0; // reject: intermediate
  }

  static boolean maskOnTheLeft(short s) {
    return (7 & (s + s)) == 0; // reject: intermediate
  }
}
