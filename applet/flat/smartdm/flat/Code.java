package smartdm.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.IincInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.TypeInsnNode;
import org.objectweb.asm.tree.VarInsnNode;

/** Questions about instructions. "Real" are those that are no labels. */
final class Code {
  private Code() {}

  static boolean isReal(AbstractInsnNode insn) {
    return insn.getOpcode() >= 0;
  }

  static boolean isLoad(AbstractInsnNode insn) {
    return insn.getOpcode() >= Opcodes.ILOAD && insn.getOpcode() <= Opcodes.ALOAD;
  }

  static boolean isStore(AbstractInsnNode insn) {
    return insn.getOpcode() >= Opcodes.ISTORE && insn.getOpcode() <= Opcodes.ASTORE;
  }

  static boolean isReturn(AbstractInsnNode insn) {
    return insn.getOpcode() >= Opcodes.IRETURN && insn.getOpcode() <= Opcodes.RETURN;
  }

  static boolean isConstant(AbstractInsnNode insn) {
    return insn.getOpcode() >= Opcodes.ACONST_NULL && insn.getOpcode() <= Opcodes.SIPUSH;
  }

  static boolean isStatic(MethodNode method) {
    return (method.access & Opcodes.ACC_STATIC) != 0;
  }

  static boolean isConditional(AbstractInsnNode insn) {
    return insn instanceof JumpInsnNode && insn.getOpcode() != Opcodes.GOTO;
  }

  /** Whether what follows an instruction is never reached from it. */
  static boolean isEnd(AbstractInsnNode insn) {
    return switch (insn.getOpcode()) {
      case Opcodes.GOTO, Opcodes.ATHROW, Opcodes.TABLESWITCH, Opcodes.LOOKUPSWITCH -> true;
      default -> isReturn(insn);
    };
  }

  /** Where an instruction may jump to. */
  static List<LabelNode> targets(AbstractInsnNode insn) {
    List<LabelNode> targets = new ArrayList<>();
    if (insn instanceof JumpInsnNode jump) {
      targets.add(jump.label);
    } else if (insn instanceof TableSwitchInsnNode table) {
      targets.addAll(table.labels);
      targets.add(table.dflt);
    } else if (insn instanceof LookupSwitchInsnNode lookup) {
      targets.addAll(lookup.labels);
      targets.add(lookup.dflt);
    }
    return targets;
  }

  /** The number that an instruction pushes; it is one of those that push numbers. */
  static int number(AbstractInsnNode constant) {
    return constant instanceof IntInsnNode push
        ? push.operand
        : constant.getOpcode() - Opcodes.ICONST_0;
  }

  /** The local that an instruction reads or writes, or -1. */
  static int local(AbstractInsnNode insn) {
    if (insn instanceof IincInsnNode step) {
      return step.var;
    }
    return insn instanceof VarInsnNode access ? access.var : -1;
  }

  /** The instruction itself or the first behind it that is real; null at the end. */
  static AbstractInsnNode real(AbstractInsnNode insn) {
    AbstractInsnNode found = insn;
    while (found != null && !isReal(found)) {
      found = found.getNext();
    }
    return found;
  }

  /** The next real instruction, or null. */
  static AbstractInsnNode next(AbstractInsnNode insn) {
    return real(insn.getNext());
  }

  /** The real instruction before, or null. */
  static AbstractInsnNode previous(AbstractInsnNode insn) {
    AbstractInsnNode found = insn.getPrevious();
    while (found != null && !isReal(found)) {
      found = found.getPrevious();
    }
    return found;
  }

  /** The last real instruction. */
  static AbstractInsnNode last(InsnList code) {
    AbstractInsnNode last = code.getLast();
    return isReal(last) ? last : previous(last);
  }

  /** Whether two instructions, neither of them a jump or a switch, do the same. */
  static boolean same(AbstractInsnNode one, AbstractInsnNode other) {
    if (one.getOpcode() != other.getOpcode() || local(one) != local(other)) {
      return false;
    }
    return switch (one.getType()) {
      case AbstractInsnNode.INSN, AbstractInsnNode.VAR_INSN -> true;
      case AbstractInsnNode.INT_INSN ->
          ((IntInsnNode) one).operand == ((IntInsnNode) other).operand;
      case AbstractInsnNode.IINC_INSN -> ((IincInsnNode) one).incr == ((IincInsnNode) other).incr;
      case AbstractInsnNode.TYPE_INSN ->
          ((TypeInsnNode) one).desc.equals(((TypeInsnNode) other).desc);
      case AbstractInsnNode.FIELD_INSN ->
          key((FieldInsnNode) one).equals(key((FieldInsnNode) other));
      case AbstractInsnNode.METHOD_INSN ->
          key((MethodInsnNode) one).equals(key((MethodInsnNode) other));
      default -> false;
    };
  }

  static String key(FieldInsnNode field) {
    return field.owner + "." + field.name;
  }

  static String key(MethodInsnNode call) {
    return call.owner + "." + call.name + call.desc;
  }

  /** The types of the parameters, that of {@code this} among them. */
  static List<Type> parameters(MethodNode method, String owner) {
    List<Type> types = new ArrayList<>(List.of(Type.getArgumentTypes(method.desc)));
    if (!isStatic(method)) {
      types.add(0, Type.getObjectType(owner));
    }
    return types;
  }

  /** New labels for a copy of the code. */
  static Map<LabelNode, LabelNode> labels(InsnList code) {
    Map<LabelNode, LabelNode> labels = new HashMap<>();
    for (AbstractInsnNode insn : code) {
      if (insn instanceof LabelNode label) {
        labels.put(label, new LabelNode());
      }
    }
    return labels;
  }

  /** A copy that shares nothing with the method. */
  static MethodNode copy(MethodNode method) {
    MethodNode copy =
        new MethodNode(
            Opcodes.ASM9,
            method.access,
            method.name,
            method.desc,
            null,
            method.exceptions.toArray(new String[0]));
    method.accept(copy);
    return copy;
  }
}
