package reject;

final class StaticRows { // reject anywhere: type
  static final byte[][] ROWS = {{1}, {2}}; // reject: static-init, type
}
