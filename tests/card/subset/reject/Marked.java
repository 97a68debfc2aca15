package reject;

final class Marked { // converter: takes it
  /**
   * @deprecated for the sake of this test
   */
  @Deprecated
  static void old() {} // reject anywhere: annotation
}
