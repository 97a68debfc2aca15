package reject;

final class ArrayField {
  final byte[][] rows = null; // reject anywhere: type
}
