package smartdm.flat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/**
 * Shares ends: where two pieces of a method do the same and go on at the same place, or leave the
 * method, one of them is enough, and the other becomes a jump to it.
 */
final class Tails {
  private final String owner;
  private final Set<String> endless;
  private MethodNode method;
  private int size;

  private Tails(MethodNode method, String owner, Set<String> endless) {
    this.method = method;
    this.owner = owner;
    this.endless = endless;
    size = Size.of(method, endless);
  }

  static MethodNode share(MethodNode method, String owner, Set<String> endless)
      throws AnalyzerException {
    Tails tails = new Tails(method, owner, endless);
    if (method.tryCatchBlocks.isEmpty()) {
      while (tails.shareOnce()) {
        continue;
      }
    }
    return tails.method;
  }

  /** Two equal pieces of code, by the numbers of their first and last instructions. */
  private record Pair(int kept, int keptEnd, int dropped, int droppedEnd, int weight) {}

  private boolean shareOnce() throws AnalyzerException {
    for (Pair pair : pairs()) {
      MethodNode copy = Code.copy(method);
      replace(copy.instructions, pair);
      Jumps.tidy(copy);
      int shared = Size.of(copy, endless);
      if (shared < size) {
        size = shared;
        method = copy;
        return true;
      }
    }
    return false;
  }

  private List<Pair> pairs() throws AnalyzerException {
    AbstractInsnNode[] insns = method.instructions.toArray();
    Types types = new Types(method, owner);
    List<Integer> ends = new ArrayList<>();
    for (int i = 0; i < insns.length; i++) {
      if (end(insns[i]) != null) {
        ends.add(i);
      }
    }
    List<Pair> pairs = new ArrayList<>();
    for (int kept : ends) {
      for (int dropped : ends) {
        if (kept != dropped && end(insns[kept]).equals(end(insns[dropped]))) {
          Pair pair = pair(insns, types, kept, dropped);
          if (pair != null) {
            pairs.add(pair);
          }
        }
      }
    }
    pairs.sort(Comparator.comparingInt(pair -> -pair.weight));
    return pairs;
  }

  // Where the code goes on behind an instruction that is the last of a piece; null if it is not.
  private static Object end(AbstractInsnNode insn) {
    if (!Code.isReal(insn)) {
      return null;
    }
    if (insn.getOpcode() == Opcodes.GOTO) {
      return Code.real(((JumpInsnNode) insn).label);
    }
    if (Code.isReturn(insn) || insn.getOpcode() == Opcodes.ATHROW) {
      return insn.getOpcode();
    }
    boolean falls = !Code.isEnd(insn) && insn.getNext() instanceof LabelNode;
    return falls ? Code.next(insn) : null;
  }

  // The longest equal pieces that end so; null if there are none worth a jump.
  private Pair pair(AbstractInsnNode[] insns, Types types, int keptEnd, int droppedEnd) {
    int kept = keptEnd + (insns[keptEnd].getOpcode() == Opcodes.GOTO ? 0 : 1);
    int dropped = droppedEnd + (insns[droppedEnd].getOpcode() == Opcodes.GOTO ? 0 : 1);
    Pair best = null;
    int weight = 0;
    while (true) {
      kept = before(insns, kept);
      dropped--;
      if (kept < 0 || dropped < 0 || !Code.isReal(insns[dropped])) {
        return best;
      }
      if (!same(insns[kept], insns[dropped]) || overlap(kept, keptEnd, dropped, droppedEnd)) {
        return best;
      }
      weight++;
      if (types.same(insns[dropped], insns[kept])) {
        best = new Pair(kept, keptEnd, dropped, droppedEnd, weight);
      }
    }
  }

  private static int before(AbstractInsnNode[] insns, int at) {
    int before = at - 1;
    while (before >= 0 && !Code.isReal(insns[before])) {
      before--;
    }
    return before;
  }

  private static boolean overlap(int kept, int keptEnd, int dropped, int droppedEnd) {
    return kept <= droppedEnd && dropped <= keptEnd;
  }

  private static boolean same(AbstractInsnNode one, AbstractInsnNode other) {
    if (one instanceof JumpInsnNode jump && other instanceof JumpInsnNode like) {
      return jump.getOpcode() == like.getOpcode() && Code.real(jump.label) == Code.real(like.label);
    }
    return Code.same(one, other);
  }

  private static void replace(InsnList code, Pair pair) {
    AbstractInsnNode[] insns = code.toArray();
    LabelNode label = new LabelNode();
    code.insertBefore(insns[pair.kept], label);
    code.insertBefore(insns[pair.dropped], new JumpInsnNode(Opcodes.GOTO, label));
    for (int i = pair.dropped; i <= pair.droppedEnd; i++) {
      code.remove(insns[i]);
    }
  }
}
