package reject;

final class Locked {
  synchronized short method(short s) {
    return s; // reject: synchronized
  }
}
