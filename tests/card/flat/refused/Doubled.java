// flat: refused/Doubled.get()S: another layer has such a method, too
package refused;

abstract class DoubledBase {
  short get() {
    return 1;
  }
}

final class Doubled extends DoubledBase {
  @Override
  short get() {
    return 2;
  }
}
