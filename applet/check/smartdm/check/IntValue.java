package smartdm.check;

import java.util.Objects;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.analysis.BasicValue;

/**
 * What is known of a number on the stack: its range, as the converter reckons it.
 *
 * <p>Javac computes in 32 bits, the card in 16. Both agree on the low 16 bits of sums, products and
 * left shifts, but not on what lies above: such a value is WIDE until it is cast.
 */
final class IntValue extends BasicValue {

  enum Range {
    BYTE,
    SHORT,
    WIDE
  }

  static final IntValue BYTE = new IntValue(Range.BYTE, false);
  static final IntValue SHORT = new IntValue(Range.SHORT, false);
  static final IntValue WIDE = new IntValue(Range.WIDE, false);

  final Range range;

  /** A constant that is not negative: as the right side of & it clears whatever lies above. */
  final boolean mask;

  private IntValue(Range range, boolean mask) {
    super(Type.INT_TYPE);
    this.range = range;
    this.mask = mask;
  }

  static IntValue constant(int value) {
    Range range =
        value == (byte) value ? Range.BYTE : value == (short) value ? Range.SHORT : Range.WIDE;
    return new IntValue(range, value >= 0);
  }

  /**
   * The value of a field, parameter, result or local variable of a type, null for other than
   * numbers.
   */
  static IntValue of(Type type) {
    return switch (type.getSort()) {
      case Type.BOOLEAN, Type.BYTE -> BYTE;
      case Type.SHORT -> SHORT;
      case Type.CHAR, Type.INT -> WIDE;
      default -> null;
    };
  }

  static IntValue of(Range range) {
    return switch (range) {
      case BYTE -> BYTE;
      case SHORT -> SHORT;
      case WIDE -> WIDE;
    };
  }

  /** A sum, difference, product or quotient: bytes cannot leave the range of a short. */
  static IntValue grown(IntValue left, IntValue right) {
    return wider(left, right).range == Range.BYTE ? SHORT : WIDE;
  }

  static IntValue wider(IntValue left, IntValue right) {
    return of(left.range.compareTo(right.range) >= 0 ? left.range : right.range);
  }

  boolean isWide() {
    return range == Range.WIDE;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IntValue value && value.range == range && value.mask == mask;
  }

  @Override
  public int hashCode() {
    return Objects.hash(range, mask);
  }
}
