package reject;

final class IntConstant {
  static final int K = 3; // reject anywhere: type
}
