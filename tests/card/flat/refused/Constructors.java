// flat: refused/ConstructorsBase: a layer can have one constructor, this has more
package refused;

abstract class ConstructorsBase {
  ConstructorsBase() {}

  ConstructorsBase(short number) {}
}

final class Constructors extends ConstructorsBase {}
