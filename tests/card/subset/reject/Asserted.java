package reject;

final class Asserted {
  static short positive(short s) {
    assert s > 0; // reject: assert
    return s;
  }
}
