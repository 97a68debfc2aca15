package smartdm.flat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.IincInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Gives the locals of a method that are used most the lowest numbers: a card loads 0 to 3 with one
 * byte of code. Locals whose lives do not overlap share a number.
 */
final class Slots {
  private final MethodNode method;
  private final InsnList code;
  private final int count;
  private final int parameters;
  private final int[] uses;
  private final BitSet[] clashes;

  private Slots(MethodNode method, int parameters) {
    this.method = method;
    this.parameters = parameters;
    code = method.instructions;
    count = method.maxLocals;
    uses = new int[count];
    clashes = new BitSet[count];
    Arrays.setAll(clashes, local -> new BitSet());
  }

  static void assign(MethodNode method, String owner) {
    Slots slots = new Slots(method, Code.parameters(method, owner).size());
    slots.findClashes();
    slots.renumber(slots.choose());
  }

  private int[] choose() {
    for (AbstractInsnNode insn : code) {
      if (insn instanceof VarInsnNode local) {
        uses[local.var]++;
      }
    }
    int[] slots = new int[count];
    Arrays.fill(slots, -1);
    for (int local = 0; local < parameters; local++) {
      slots[local] = local;
    }
    IntStream.range(parameters, count)
        .boxed()
        .sorted(Comparator.comparingInt(local -> -uses[local]))
        .forEach(local -> slots[local] = lowest(local, slots));
    return slots;
  }

  private int lowest(int local, int[] slots) {
    BitSet taken = new BitSet();
    clashes[local].stream().filter(other -> slots[other] >= 0).forEach(o -> taken.set(slots[o]));
    return taken.nextClearBit(0);
  }

  private void renumber(int[] slots) {
    int highest = parameters - 1;
    for (AbstractInsnNode insn : code) {
      if (insn instanceof VarInsnNode local) {
        local.var = slots[local.var];
        highest = Math.max(highest, local.var);
      } else if (insn instanceof IincInsnNode local) {
        local.var = slots[local.var];
      }
    }
    method.maxLocals = highest + 1;
  }

  private void clash(int one, int other) {
    if (one != other) {
      clashes[one].set(other);
      clashes[other].set(one);
    }
  }

  private void findClashes() {
    for (int one = 0; one < parameters; one++) {
      for (int other = 0; other < parameters; other++) {
        clash(one, other);
      }
    }
    if (!Code.isStatic(method)) {
      // The converter knows `this` by its number.
      IntStream.range(1, count).forEach(local -> clash(0, local));
    }
    BitSet[] live = new Flow(method).liveBehind();
    for (int i = 0; i < code.size(); i++) {
      AbstractInsnNode insn = code.get(i);
      int local = Code.local(insn);
      if (local >= 0 && (Code.isStore(insn) || insn instanceof IincInsnNode)) {
        live[i].stream().forEach(other -> clash(local, other));
      }
    }
  }
}
