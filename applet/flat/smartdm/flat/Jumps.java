package smartdm.flat;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.TryCatchBlockNode;

/** Jumps that lead straight to where they end, and no code that is never reached. */
final class Jumps {
  private final MethodNode method;
  private final InsnList code;
  private boolean changed;

  private Jumps(MethodNode method) {
    this.method = method;
    code = method.instructions;
  }

  static void tidy(MethodNode method) {
    Jumps jumps = new Jumps(method);
    do {
      jumps.changed = false;
      jumps.removeUnreached();
      for (AbstractInsnNode insn : jumps.code.toArray()) {
        if (insn instanceof JumpInsnNode jump && jumps.code.contains(jump)) {
          jumps.shorten(jump);
        } else if (insn instanceof TableSwitchInsnNode table) {
          table.labels.replaceAll(Jumps::end);
          table.dflt = end(table.dflt);
        } else if (insn instanceof LookupSwitchInsnNode lookup) {
          lookup.labels.replaceAll(Jumps::end);
          lookup.dflt = end(lookup.dflt);
        } else if (Code.isConstant(insn)) {
          jumps.decide(insn);
        }
      }
      jumps.removeLabels();
    } while (jumps.changed);
  }

  private void removeUnreached() {
    BitSet reached = new Flow(method).reached();
    AbstractInsnNode[] insns = code.toArray();
    for (int i = 0; i < insns.length; i++) {
      if (!reached.get(i) && Code.isReal(insns[i])) {
        code.remove(insns[i]);
        changed = true;
      }
    }
    changed |= method.tryCatchBlocks.removeIf(this::isEmpty);
  }

  private boolean isEmpty(TryCatchBlockNode block) {
    AbstractInsnNode first = Code.real(block.start);
    return first == null || code.indexOf(first) > code.indexOf(block.end);
  }

  private void shorten(JumpInsnNode jump) {
    LabelNode end = end(jump.label);
    AbstractInsnNode target = Code.real(end);
    AbstractInsnNode next = Code.next(jump);
    changed |= end != jump.label;
    jump.label = end;
    if (jump.getOpcode() == Opcodes.GOTO && target == next) {
      code.remove(jump);
      changed = true;
    } else if (jump.getOpcode() == Opcodes.GOTO && target != null && Code.isReturn(target)) {
      code.set(jump, new InsnNode(target.getOpcode()));
      changed = true;
    } else if (Code.isConditional(jump)
        && next instanceof JumpInsnNode other
        && other.getOpcode() == Opcodes.GOTO
        && isBetween(other)
        && target == Code.next(other)) {
      jump.setOpcode(inverted(jump.getOpcode()));
      jump.label = other.label;
      code.remove(other);
      changed = true;
    }
  }

  // Where a jump to a label comes to rest; the label itself if that is nowhere.
  private static LabelNode end(LabelNode label) {
    Set<AbstractInsnNode> passed = new HashSet<>();
    LabelNode end = label;
    while (Code.real(end) instanceof JumpInsnNode on && on.getOpcode() == Opcodes.GOTO) {
      if (!passed.add(on)) {
        return label;
      }
      end = on.label;
    }
    return end;
  }

  // Whether nothing but the instruction before leads to a jump.
  private static boolean isBetween(JumpInsnNode jump) {
    return Code.isReal(jump.getPrevious());
  }

  // A constant that is only asked whether it is zero: goes where the answer leads.
  private void decide(AbstractInsnNode constant) {
    AbstractInsnNode next = Code.next(constant);
    AbstractInsnNode asks =
        next instanceof JumpInsnNode jump && jump.getOpcode() == Opcodes.GOTO
            ? Code.real(jump.label)
            : next;
    if (constant.getOpcode() == Opcodes.ACONST_NULL
        || !(asks instanceof JumpInsnNode condition)
        || condition.getOpcode() != Opcodes.IFEQ && condition.getOpcode() != Opcodes.IFNE) {
      return;
    }
    boolean jumps = (Code.number(constant) == 0) == (condition.getOpcode() == Opcodes.IFEQ);
    LabelNode target = jumps ? condition.label : new LabelNode();
    if (!jumps) {
      code.insert(condition, target);
    }
    code.set(constant, new JumpInsnNode(Opcodes.GOTO, target));
    changed = true;
  }

  private void removeLabels() {
    Set<LabelNode> used = new HashSet<>();
    for (AbstractInsnNode insn : code) {
      used.addAll(Code.targets(insn));
    }
    for (TryCatchBlockNode block : method.tryCatchBlocks) {
      used.add(block.start);
      used.add(block.end);
      used.add(block.handler);
    }
    for (AbstractInsnNode insn : code.toArray()) {
      if (insn instanceof LabelNode label && !used.contains(label)) {
        code.remove(insn);
      }
    }
  }

  private static int inverted(int opcode) {
    // They come in pairs, from odd numbers on; those about null are the last.
    return opcode >= Opcodes.IFNULL ? opcode ^ 1 : (opcode + 1 ^ 1) - 1;
  }
}
