package smartdm.check;

import java.util.Optional;
import org.objectweb.asm.Type;

/**
 * Which types a card without the optional int knows: boolean, byte, short, references, and arrays
 * of one dimension.
 */
final class Types {

  private Types() {}

  /** The name of what is not allowed in the type, if anything. */
  static Optional<String> fault(Type type) {
    return switch (type.getSort()) {
      case Type.INT, Type.LONG, Type.FLOAT, Type.DOUBLE, Type.CHAR ->
          Optional.of(type.getClassName());
      case Type.OBJECT ->
          type.getInternalName().equals("java/lang/String")
              ? Optional.of("String")
              : Optional.empty();
      case Type.ARRAY ->
          type.getDimensions() > 1
              ? Optional.of("array of arrays " + type.getClassName())
              : fault(type.getElementType()).map(name -> name + "[]");
      default -> Optional.empty();
    };
  }
}
