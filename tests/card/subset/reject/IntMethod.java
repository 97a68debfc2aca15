package reject;

final class IntMethod {
  static short taken(int i) {
    return (short) i; // reject: type
  }

  static int given(short s) {
    return s; // reject: type
  }
}
