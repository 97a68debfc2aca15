package reject;

final class Variable {
  static short count(byte... values) {
    return (short) values.length; // reject: varargs
  }
}
