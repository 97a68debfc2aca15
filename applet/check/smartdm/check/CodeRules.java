package smartdm.check;

import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.IincInsnNode;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.MultiANewArrayInsnNode;
import org.objectweb.asm.tree.TypeInsnNode;

/** Instructions that a card lacks, and names that its API lacks. */
final class CodeRules {

  static final String ASSERTION_ERROR = "java/lang/AssertionError";
  private static final String ASSERTION_STATUS = "desiredAssertionStatus";

  private final Symbols symbols;
  private final Faults faults;

  CodeRules(Symbols symbols, Faults faults) {
    this.symbols = symbols;
    this.faults = faults;
  }

  void check(ClassNode node, MethodNode method) {
    for (AbstractInsnNode insn : method.instructions) {
      if (insn.getOpcode() >= 0 && !ofAssertion(insn)) {
        plain(node, insn);
        operand(node, insn);
        if (method.name.equals("<clinit>")) {
          initialiser(node, method, insn);
        }
      }
    }
  }

  private void plain(ClassNode node, AbstractInsnNode insn) {
    String type =
        switch (insn.getOpcode()) {
          case Opcodes.I2C -> "char";
          case Opcodes.I2L, Opcodes.L2I, Opcodes.LCONST_0, Opcodes.LCONST_1, Opcodes.LALOAD ->
              "long";
          case Opcodes.I2F, Opcodes.F2I, Opcodes.FCONST_0, Opcodes.FCONST_1, Opcodes.FCONST_2 ->
              "float";
          case Opcodes.I2D, Opcodes.D2I, Opcodes.DCONST_0, Opcodes.DCONST_1, Opcodes.DALOAD ->
              "double";
          case Opcodes.LLOAD, Opcodes.LSTORE, Opcodes.LASTORE, Opcodes.LRETURN, Opcodes.LCMP ->
              "long";
          case Opcodes.FLOAD, Opcodes.FSTORE, Opcodes.FALOAD, Opcodes.FASTORE, Opcodes.FRETURN ->
              "float";
          case Opcodes.DLOAD, Opcodes.DSTORE, Opcodes.DASTORE, Opcodes.DRETURN -> "double";
          case Opcodes.CALOAD, Opcodes.CASTORE -> "char";
          case Opcodes.IALOAD, Opcodes.IASTORE -> "int";
          default -> null;
        };
    if (type != null) {
      faults.add(node, insn, "type", "a value of type " + type);
    }
    if (insn.getOpcode() == Opcodes.MONITORENTER) {
      faults.add(node, insn, "synchronized", "a synchronized block");
    }
    if (insn instanceof IincInsnNode) {
      faults.add(node, insn, "type", "an int counter; for (x : array) makes one");
    }
    if (insn instanceof InvokeDynamicInsnNode) {
      faults.add(node, insn, "lambda", "a lambda, method reference or other call made at run time");
    }
  }

  private void operand(ClassNode node, AbstractInsnNode insn) {
    if (insn instanceof LdcInsnNode ldc) {
      constant(node, ldc);
    } else if (insn instanceof TypeInsnNode type) {
      reference(node, insn, type);
    } else if (insn instanceof MultiANewArrayInsnNode) {
      faults.add(node, insn, "type", "an array of arrays is made");
    } else if (insn.getOpcode() == Opcodes.NEWARRAY) {
      int kind = ((IntInsnNode) insn).operand;
      if (kind != Opcodes.T_BOOLEAN && kind != Opcodes.T_BYTE && kind != Opcodes.T_SHORT) {
        faults.add(node, insn, "type", "an array of numbers that a card lacks");
      }
    } else if (insn instanceof FieldInsnNode field) {
      field(node, field);
    } else if (insn instanceof MethodInsnNode call) {
      call(node, call);
    }
  }

  private void constant(ClassNode node, LdcInsnNode ldc) {
    if (ldc.cst instanceof String) {
      faults.add(node, ldc, "string", "a text constant");
    } else if (ldc.cst instanceof Integer value) {
      faults.add(node, ldc, "constant", value + " is no short: write (short) " + value);
    } else if (ldc.cst instanceof Type) {
      faults.add(node, ldc, "constant", "a class as a value");
    } else {
      faults.add(node, ldc, "type", "a constant of type " + ldc.cst.getClass().getSimpleName());
    }
  }

  private void reference(ClassNode node, AbstractInsnNode insn, TypeInsnNode type) {
    Type named = Type.getObjectType(type.desc);
    if (named.getSort() == Type.ARRAY && insn.getOpcode() == Opcodes.ANEWARRAY) {
      faults.add(node, insn, "type", "an array of arrays is made");
    }
    Types.fault(named)
        .ifPresent(found -> faults.add(node, insn, "type", "a value of type " + found));
    symbols.unknown(named).ifPresent(found -> faults.add(node, insn, "api", found));
  }

  private void field(ClassNode node, FieldInsnNode field) {
    if (field.name.equals("$assertionsDisabled")) {
      if (field.getOpcode() == Opcodes.GETSTATIC) {
        faults.add(node, field, "assert", "an assert statement");
      }
    } else if (!symbols.isOwn(field.owner)) {
      faults.add(node, field, "api", "the card has no field " + field.owner + "." + field.name);
    }
  }

  private void call(ClassNode node, MethodInsnNode call) {
    boolean array = call.owner.startsWith("[");
    if (array || !symbols.hasMethod(call.owner, call.name + call.desc)) {
      String name = Type.getObjectType(call.owner).getClassName() + "." + call.name + call.desc;
      faults.add(node, call, "api", "the card has no method " + name);
    }
  }

  /**
   * The converter runs static initialisers itself: it can fill tables of numbers, and nothing else.
   */
  private void initialiser(ClassNode node, MethodNode method, AbstractInsnNode insn) {
    boolean table =
        switch (insn.getOpcode()) {
          case Opcodes.BIPUSH, Opcodes.SIPUSH, Opcodes.NEWARRAY, Opcodes.DUP, Opcodes.BASTORE ->
              true;
          case Opcodes.SASTORE, Opcodes.PUTSTATIC, Opcodes.ACONST_NULL, Opcodes.RETURN -> true;
          default -> insn.getOpcode() >= Opcodes.ICONST_M1 && insn.getOpcode() <= Opcodes.ICONST_5;
        };
    boolean inInterface = (node.access & Opcodes.ACC_INTERFACE) != 0;
    if ((!table || inInterface) && !(insn instanceof LdcInsnNode) && !setsFlag(method, insn)) {
      faults.add(
          node, insn, "static-init", "only constants and tables of numbers can be static values");
    }
  }

  /** What javac makes of an assert statement besides reading the flag, which alone is reported. */
  private static boolean ofAssertion(AbstractInsnNode insn) {
    return switch (insn.getOpcode()) {
      case Opcodes.LDC ->
          insn.getNext() instanceof MethodInsnNode call && call.name.equals(ASSERTION_STATUS);
      case Opcodes.INVOKEVIRTUAL -> ((MethodInsnNode) insn).name.equals(ASSERTION_STATUS);
      case Opcodes.INVOKESPECIAL -> ((MethodInsnNode) insn).owner.equals(ASSERTION_ERROR);
      case Opcodes.NEW -> ((TypeInsnNode) insn).desc.equals(ASSERTION_ERROR);
      default -> false;
    };
  }

  private static boolean setsFlag(MethodNode method, AbstractInsnNode insn) {
    for (AbstractInsnNode other : method.instructions) {
      if (other instanceof MethodInsnNode call && call.name.equals(ASSERTION_STATUS)) {
        return insn.getOpcode() == Opcodes.IFNE
            || insn.getOpcode() == Opcodes.GOTO
            || ofAssertion(insn);
      }
    }
    return false;
  }
}
