package reject;

final class Modifiers {
  private final transient short cached = (short) value(); // reject anywhere: class

  native short value(); // reject anywhere: class
}
