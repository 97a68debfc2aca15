package reject;

/** The converter takes these, and then card and simulator come to different results. */
final class Disagreement { // converter: takes it

  static boolean or(short s) {
    return ((s + s) | 7) > 0; // reject: intermediate
  }

  static boolean xor(short s) {
    return ((s + s) ^ s) > 0; // reject: intermediate
  }

  static boolean and(short s) {
    return ((s + s) & -2) > 0; // reject: intermediate
  }

  static boolean not(short s) {
    return ~(s + 1) > 3; // reject: intermediate
  }
}
