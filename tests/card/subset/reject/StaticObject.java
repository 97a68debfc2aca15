package reject;

final class StaticObject {
  static final Object LOCK = new Object(); // reject: static-init
}
