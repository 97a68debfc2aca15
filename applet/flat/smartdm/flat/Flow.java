package smartdm.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TryCatchBlockNode;

/**
 * Where a method goes on, by the numbers of its instructions. An exception leaves behind one; no
 * write is the first of a try block, as nothing is on the stack there.
 */
final class Flow {
  private final MethodNode method;
  private final InsnList code;
  private final int[][] successors;

  Flow(MethodNode method) {
    this.method = method;
    code = method.instructions;
    successors = new int[code.size()][];
    for (int i = 0; i < successors.length; i++) {
      successors[i] = successors(i);
    }
  }

  /** The instructions that can be reached from the first. */
  BitSet reached() {
    BitSet reached = new BitSet();
    Deque<Integer> left = new ArrayDeque<>(List.of(0));
    while (!left.isEmpty()) {
      int at = left.pop();
      if (!reached.get(at)) {
        reached.set(at);
        Arrays.stream(successors[at]).forEach(left::push);
      }
    }
    return reached;
  }

  /**
   * For each instruction the writes to locals that may have been the last when it begins.
   *
   * @param entry what holds at the start
   * @param ofLocal for each local its writes; a write is a number: that of its instruction + shift
   */
  BitSet[] writesBefore(BitSet entry, BitSet[] ofLocal, int shift) {
    BitSet[] before = new BitSet[code.size()];
    before[0] = entry;
    Deque<Integer> left = new ArrayDeque<>(List.of(0));
    while (!left.isEmpty()) {
      int at = left.pop();
      BitSet behind = (BitSet) before[at].clone();
      AbstractInsnNode insn = code.get(at);
      if (Code.local(insn) >= 0 && !Code.isLoad(insn)) {
        behind.andNot(ofLocal[Code.local(insn)]);
        behind.set(at + shift);
      }
      for (int next : successors[at]) {
        BitSet known = before[next] == null ? null : (BitSet) before[next].clone();
        before[next] = before[next] == null ? new BitSet() : before[next];
        before[next].or(behind);
        if (!before[next].equals(known)) {
          left.add(next);
        }
      }
    }
    return before;
  }

  /** For each instruction the locals whose values are still needed behind it. */
  BitSet[] liveBehind() {
    BitSet[] before = new BitSet[code.size()];
    BitSet[] behind = new BitSet[code.size()];
    Arrays.setAll(before, i -> new BitSet());
    Arrays.setAll(behind, i -> new BitSet());
    AbstractInsnNode[] insns = code.toArray();
    boolean changing = true;
    while (changing) {
      changing = false;
      for (int i = insns.length - 1; i >= 0; i--) {
        for (int next : successors[i]) {
          behind[i].or(before[next]);
        }
        BitSet needed = (BitSet) behind[i].clone();
        int local = Code.local(insns[i]);
        if (local >= 0) {
          needed.set(local, !Code.isStore(insns[i]));
        }
        changing |= !needed.equals(before[i]);
        before[i] = needed;
      }
    }
    return behind;
  }

  private int[] successors(int at) {
    AbstractInsnNode insn = code.get(at);
    List<AbstractInsnNode> next = new ArrayList<>(Code.targets(insn));
    if (!Code.isEnd(insn) && insn.getNext() != null) {
      next.add(insn.getNext());
    }
    for (TryCatchBlockNode block : method.tryCatchBlocks) {
      if (at >= code.indexOf(block.start) && at < code.indexOf(block.end)) {
        next.add(block.handler);
      }
    }
    return next.stream().mapToInt(code::indexOf).toArray();
  }
}
