package smartdm.flat;

import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.TypeInsnNode;
import org.objectweb.asm.tree.VarInsnNode;

/** The bytes that the converter makes of an instruction (JCVM specification, chapter 7). */
final class Bytes {
  /** Locals up to this one are loaded and stored by one byte. */
  static final int LAST_SHORT_LOCAL = 3;

  /** What a constant takes in the ConstantPool component. */
  static final int CONSTANT = 4;

  private Bytes() {}

  /** Bytes of an instruction in the Method component; a jump is taken for a near one. */
  static int of(AbstractInsnNode insn) {
    int opcode = insn.getOpcode();
    if (opcode < 0) {
      return 0;
    }
    if (insn instanceof VarInsnNode access) {
      int own = access.var <= LAST_SHORT_LOCAL ? 1 : 2;
      return isStep(access)
          ? 3 - own - of(insn.getPrevious().getPrevious().getPrevious()) - 1
          : own;
    }
    if (insn instanceof TableSwitchInsnNode table) {
      return 7 + 2 * table.labels.size();
    }
    if (insn instanceof LookupSwitchInsnNode lookup) {
      return 5 + 4 * lookup.labels.size();
    }
    return switch (opcode) {
      case Opcodes.I2S -> 0;
      case Opcodes.BIPUSH, Opcodes.NEWARRAY, Opcodes.DUP_X1, Opcodes.DUP_X2, Opcodes.SWAP -> 2;
      case Opcodes.GETFIELD -> isThis(insn.getPrevious()) ? 1 : 2;
      case Opcodes.PUTFIELD -> 2;
      case Opcodes.SIPUSH, Opcodes.IINC, Opcodes.GETSTATIC, Opcodes.PUTSTATIC -> 3;
      case Opcodes.NEW, Opcodes.ANEWARRAY -> 3;
      case Opcodes.CHECKCAST, Opcodes.INSTANCEOF -> 4;
      case Opcodes.INVOKEINTERFACE -> 5;
      default -> insn instanceof JumpInsnNode ? 2 : insn instanceof MethodInsnNode ? 3 : 1;
    };
  }

  /** Bytes of an instruction in the RefLocation component: one for each that names something. */
  static int ofReference(AbstractInsnNode insn) {
    return switch (insn.getType()) {
      case AbstractInsnNode.FIELD_INSN, AbstractInsnNode.METHOD_INSN -> 1;
      case AbstractInsnNode.TYPE_INSN -> ((TypeInsnNode) insn).desc.startsWith("[") ? 0 : 1;
      default -> 0;
    };
  }

  private static boolean isThis(AbstractInsnNode insn) {
    return insn != null && insn.getOpcode() == Opcodes.ALOAD && Code.local(insn) == 0;
  }

  /**
   * Whether a store is the last of the five instructions of {@code x = (short) (x + constant)},
   * which the converter makes one of three bytes.
   */
  static boolean isStep(AbstractInsnNode store) {
    AbstractInsnNode insn = store;
    int[] opcodes = new int[5];
    for (int i = 0; i < opcodes.length; i++) {
      if (insn == null || i == 3 && (!Code.isConstant(insn) || of(insn) > 2)) {
        return false;
      }
      opcodes[i] = insn.getOpcode();
      if (i == 4) {
        return opcodes[0] == Opcodes.ISTORE
            && opcodes[1] == Opcodes.I2S
            && (opcodes[2] == Opcodes.IADD || opcodes[2] == Opcodes.ISUB)
            && opcodes[4] == Opcodes.ILOAD
            && Code.local(insn) == Code.local(store);
      }
      insn = insn.getPrevious();
    }
    return false;
  }
}
