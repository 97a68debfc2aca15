package smartdm.flat;

import java.util.BitSet;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.MethodNode;

/** Shorter ways to store a value and go on with it. */
final class Stores {
  private Stores() {}

  /**
   * Leaves a value on the stack that is put into a local and taken out at once for the last time;
   * and does not cut a value to a byte that goes into an array of bytes, which cuts it, too.
   */
  static void remove(MethodNode method) {
    InsnList code = method.instructions;
    BitSet[] live = new Flow(method).liveBehind();
    AbstractInsnNode[] insns = code.toArray();
    for (int i = 0; i + 1 < insns.length; i++) {
      AbstractInsnNode next = insns[i + 1];
      if (isTakenOut(insns[i], next) && !live[i + 1].get(Code.local(next))) {
        code.remove(insns[i]);
        code.remove(next);
      } else if (insns[i].getOpcode() == Opcodes.I2B && next.getOpcode() == Opcodes.BASTORE) {
        // Cut to a short it is on a card anyway, without an instruction.
        code.set(insns[i], new InsnNode(Opcodes.I2S));
      }
    }
  }

  /** Copies a value on the stack before it goes into a local that would be loaded by two bytes. */
  static void copy(MethodNode method) {
    InsnList code = method.instructions;
    for (AbstractInsnNode insn : code.toArray()) {
      AbstractInsnNode next = insn.getNext();
      if (next != null
          && isTakenOut(insn, next)
          && Code.local(next) > Bytes.LAST_SHORT_LOCAL
          && !Bytes.isStep(insn)) {
        code.insertBefore(insn, new InsnNode(Opcodes.DUP));
        code.remove(next);
        method.maxStack++;
      }
    }
  }

  private static boolean isTakenOut(AbstractInsnNode store, AbstractInsnNode load) {
    return Code.isStore(store) && Code.isLoad(load) && Code.local(store) == Code.local(load);
  }
}
