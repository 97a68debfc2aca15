package reject;

final class StaticSum { // reject anywhere: state
  static short five = 5;
  static short six = (short) (five + 1); // reject: static-init
}
