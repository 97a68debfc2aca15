package reject;

/** Methods of Object and of arrays that a card lacks. */
final class Classes {

  static boolean sameClass(Object a) {
    return a.getClass() == null; // reject: api
  }

  static Object copied(byte[] a) {
    return a.clone(); // reject: api
  }

  static Object literal() {
    return Classes.class; // reject: constant
  }
}
