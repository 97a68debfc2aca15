package reject;

/** Only null can be held by a variable for arrays of arrays. */
final class ArraysOfArrays {

  static Object made() {
    return new byte[2][3]; // reject: type, allocation
  }

  static Object outer() {
    return new byte[2][]; // reject: type, allocation
  }

  static Object cast(Object o) {
    return (byte[][]) o; // reject: type
  }

  static Object ints() {
    return new int[2]; // reject: type, allocation
  }
}
