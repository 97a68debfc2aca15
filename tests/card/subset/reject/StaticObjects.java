package reject;

final class StaticObjects {
  static final Object[] SLOTS = {null, null}; // reject: static-init
}
