package reject;

final class IntField {
  final int number = (byte) hashed(); // reject anywhere: type

  static byte hashed() {
    return 1;
  }
}
