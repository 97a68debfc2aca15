package smartdm.check;

import java.util.List;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.LocalVariableNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;
import org.objectweb.asm.tree.analysis.Analyzer;
import org.objectweb.asm.tree.analysis.AnalyzerException;
import org.objectweb.asm.tree.analysis.BasicInterpreter;
import org.objectweb.asm.tree.analysis.BasicValue;

/**
 * Follows numbers through a method and reports where a wide one is used for more than its low 16
 * bits.
 *
 * <p>The rules are those that the converters of the SDKs 3.0.5 and 3.2.0 were seen to follow, but
 * for and, or and xor of a wide value: there the converter believes the right side's type, which
 * makes card and simulator disagree; here the result stays wide unless a constant masks it.
 */
final class IntFlow extends BasicInterpreter {

  private static final String RULE = "intermediate";

  private final ClassNode owner;
  private final MethodNode method;
  private final Faults faults;

  private IntFlow(ClassNode owner, MethodNode method, Faults faults) {
    super(Opcodes.ASM9);
    this.owner = owner;
    this.method = method;
    this.faults = faults;
  }

  static void check(ClassNode owner, MethodNode method, Faults faults) throws AnalyzerException {
    new Analyzer<>(new IntFlow(owner, method, faults)).analyze(owner.name, method);
  }

  @Override
  public BasicValue newValue(Type type) {
    IntValue number = type == null ? null : IntValue.of(type);
    return number != null ? number : super.newValue(type);
  }

  @Override
  public BasicValue newOperation(AbstractInsnNode insn) throws AnalyzerException {
    int opcode = insn.getOpcode();
    if (opcode >= Opcodes.ICONST_M1 && opcode <= Opcodes.ICONST_5) {
      return IntValue.constant(opcode - Opcodes.ICONST_0);
    }
    return switch (opcode) {
      case Opcodes.BIPUSH, Opcodes.SIPUSH -> IntValue.constant(((IntInsnNode) insn).operand);
      case Opcodes.LDC ->
          ((LdcInsnNode) insn).cst instanceof Integer value
              ? IntValue.constant(value)
              : super.newOperation(insn);
      default -> super.newOperation(insn);
    };
  }

  /** A local variable is worth what it is declared as, however small the value that was stored. */
  @Override
  public BasicValue copyOperation(AbstractInsnNode insn, BasicValue value)
      throws AnalyzerException {
    if (!(value instanceof IntValue number)) {
      return super.copyOperation(insn, value);
    }
    if (insn.getOpcode() == Opcodes.ISTORE) {
      narrow(insn, number, "stored in a local variable");
    }
    if (insn.getOpcode() == Opcodes.ILOAD) {
      Type declared = declared((VarInsnNode) insn);
      return declared == null ? number : newValue(declared);
    }
    return number;
  }

  @Override
  public BasicValue unaryOperation(AbstractInsnNode insn, BasicValue value)
      throws AnalyzerException {
    switch (insn.getOpcode()) {
      case Opcodes.INEG:
        return IntValue.grown((IntValue) value, IntValue.BYTE);
      case Opcodes.I2B:
        return IntValue.BYTE;
      case Opcodes.I2S, Opcodes.ARRAYLENGTH:
        return IntValue.SHORT;
      case Opcodes.INSTANCEOF:
        return IntValue.BYTE;
      case Opcodes.GETFIELD:
        return newValue(Type.getType(((FieldInsnNode) insn).desc));
      case Opcodes.IFEQ, Opcodes.IFNE, Opcodes.IFLT, Opcodes.IFGE, Opcodes.IFGT, Opcodes.IFLE:
        return narrow(insn, value, "compared");
      case Opcodes.TABLESWITCH, Opcodes.LOOKUPSWITCH:
        return narrow(insn, value, "switched on");
      case Opcodes.NEWARRAY, Opcodes.ANEWARRAY:
        narrow(insn, value, "the length of an array");
        return super.unaryOperation(insn, value);
      case Opcodes.PUTSTATIC:
        return narrow(insn, value, "stored in a field");
      default:
        return super.unaryOperation(insn, value);
    }
  }

  @Override
  public BasicValue binaryOperation(AbstractInsnNode insn, BasicValue left, BasicValue right)
      throws AnalyzerException {
    if (insn.getOpcode() == Opcodes.PUTFIELD) {
      return narrow(insn, right, "stored in a field");
    }
    if (!(right instanceof IntValue number)) {
      return super.binaryOperation(insn, left, right);
    }
    return left instanceof IntValue other
        ? arithmetic(insn, other, number)
        : load(insn, left, number);
  }

  private BasicValue load(AbstractInsnNode insn, BasicValue array, IntValue index)
      throws AnalyzerException {
    narrow(insn, index, "an array index");
    return switch (insn.getOpcode()) {
      case Opcodes.BALOAD -> IntValue.BYTE;
      case Opcodes.SALOAD -> IntValue.SHORT;
      default -> super.binaryOperation(insn, array, index);
    };
  }

  private BasicValue arithmetic(AbstractInsnNode insn, IntValue left, IntValue right)
      throws AnalyzerException {
    switch (insn.getOpcode()) {
      case Opcodes.IADD, Opcodes.ISUB, Opcodes.IMUL:
        return IntValue.grown(left, right);
      case Opcodes.IDIV, Opcodes.IREM:
        narrow(insn, left, "divided");
        narrow(insn, right, "a divisor");
        return insn.getOpcode() == Opcodes.IDIV
            ? IntValue.grown(left, right)
            : IntValue.wider(left, right);
      case Opcodes.ISHL:
        return IntValue.WIDE;
      case Opcodes.ISHR, Opcodes.IUSHR:
        narrow(insn, left, "shifted to the right");
        return insn.getOpcode() == Opcodes.ISHR ? IntValue.of(left.range) : IntValue.WIDE;
      case Opcodes.IAND:
        return right.mask ? IntValue.of(right.range) : IntValue.wider(left, right);
      case Opcodes.IOR, Opcodes.IXOR:
        return IntValue.wider(left, right);
      default:
        narrow(insn, left, "compared");
        return narrow(insn, right, "compared");
    }
  }

  @Override
  public BasicValue ternaryOperation(
      AbstractInsnNode insn, BasicValue array, BasicValue index, BasicValue value) {
    narrow(insn, index, "an array index");
    return narrow(insn, value, "stored in an array");
  }

  @Override
  public BasicValue naryOperation(AbstractInsnNode insn, List<? extends BasicValue> values)
      throws AnalyzerException {
    values.forEach(value -> narrow(insn, value, "an argument"));
    return insn instanceof MethodInsnNode call
        ? newValue(Type.getReturnType(call.desc))
        : super.naryOperation(insn, values);
  }

  @Override
  public void returnOperation(AbstractInsnNode insn, BasicValue value, BasicValue expected) {
    narrow(insn, value, "returned");
  }

  @Override
  public BasicValue merge(BasicValue one, BasicValue other) {
    return one instanceof IntValue left && other instanceof IntValue right && !left.equals(right)
        ? IntValue.wider(left, right)
        : super.merge(one, other);
  }

  private BasicValue narrow(AbstractInsnNode insn, BasicValue value, String use) {
    if (value instanceof IntValue number && number.isWide()) {
      faults.add(owner, insn, RULE, "an int is " + use + ": cast it to short or byte first");
    }
    return null;
  }

  private Type declared(VarInsnNode insn) {
    if (method.localVariables == null) {
      return null;
    }
    int at = method.instructions.indexOf(insn);
    for (LocalVariableNode local : method.localVariables) {
      if (local.index == insn.var
          && method.instructions.indexOf(local.start) <= at
          && at < method.instructions.indexOf(local.end)) {
        return Type.getType(local.desc);
      }
    }
    return null;
  }
}
