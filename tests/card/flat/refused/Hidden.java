// flat: refused/Hidden.value: another layer has such a field, too
package refused;

abstract class HiddenBase {
  short value;
}

final class Hidden extends HiddenBase {
  short value;
}
