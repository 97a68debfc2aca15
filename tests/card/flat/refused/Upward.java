// flat: refused/UpwardBase.above: a layer's method cannot be abstract
package refused;

abstract class UpwardBase {
  abstract short above();
}

final class Upward extends UpwardBase {
  @Override
  short above() {
    return 1;
  }
}
