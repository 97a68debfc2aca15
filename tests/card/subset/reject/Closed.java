package reject;

final class Closed implements AutoCloseable { // reject anywhere: api
  @Override
  public void close() {}

  static short used(short s, Closed resource) {
    try (Closed closed = resource) { // reject: api
      s++;
    }
    return s;
  }
}
