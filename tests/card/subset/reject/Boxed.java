package reject;

final class Boxed {
  static Object box(short s) {
    return s; // reject: api
  }
}
