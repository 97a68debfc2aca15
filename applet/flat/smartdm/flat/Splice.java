package smartdm.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.IincInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TryCatchBlockNode;
import org.objectweb.asm.tree.VarInsnNode;
import org.objectweb.asm.tree.analysis.Analyzer;
import org.objectweb.asm.tree.analysis.AnalyzerException;
import org.objectweb.asm.tree.analysis.Frame;
import org.objectweb.asm.tree.analysis.SourceInterpreter;
import org.objectweb.asm.tree.analysis.SourceValue;

/** Puts the code of a method where it is called. */
final class Splice {
  private final MethodNode caller;
  private final MethodInsnNode call;
  private final MethodNode method;
  private final int base;
  // The parameters that need no local, each with the instruction that loads it.
  private final Map<Integer, AbstractInsnNode> loads = new HashMap<>();
  private final InsnList code = new InsnList();

  private Splice(MethodNode caller, MethodInsnNode call, MethodNode method) {
    this.caller = caller;
    this.call = call;
    this.method = method;
    base = caller.maxLocals;
  }

  /**
   * Replaces a call.
   *
   * @return whether it could; an object other than {@code this} would have to be asked for null
   */
  static boolean replace(MethodNode caller, MethodInsnNode call, MethodNode method)
      throws AnalyzerException {
    Splice splice = new Splice(caller, call, method);
    if (!splice.takeArguments()) {
      return false;
    }
    splice.takeBody();
    caller.instructions.insert(call, splice.code);
    caller.instructions.remove(call);
    caller.maxLocals += method.maxLocals;
    caller.maxStack += method.maxStack;
    return true;
  }

  // Takes the arguments off the stack, the last one first.
  private boolean takeArguments() throws AnalyzerException {
    InsnList outer = caller.instructions;
    Frame<SourceValue> frame =
        new Analyzer<>(new SourceInterpreter()).analyze(call.owner, caller)[outer.indexOf(call)];
    List<Type> types = Code.parameters(method, call.owner);
    Set<Integer> changed = changed(method.instructions.getFirst(), null);
    int bottom = frame.getStackSize() - types.size();
    if (!Code.isStatic(method) && !isThis(only(frame.getStack(bottom)))) {
      return false;
    }
    for (int i = types.size() - 1; i >= 0; i--) {
      AbstractInsnNode source = only(frame.getStack(bottom + i));
      if (source != null && !changed.contains(i) && isLasting(source)) {
        loads.put(i, source);
        outer.remove(source);
      } else {
        code.add(new VarInsnNode(types.get(i).getOpcode(Opcodes.ISTORE), base + i));
      }
    }
    return true;
  }

  private void takeBody() {
    LabelNode end = new LabelNode();
    Map<LabelNode, LabelNode> labels = Code.labels(method.instructions);
    for (AbstractInsnNode insn : method.instructions) {
      if (Code.isReturn(insn)) {
        code.add(new JumpInsnNode(Opcodes.GOTO, end));
      } else if (insn instanceof VarInsnNode local) {
        AbstractInsnNode load = loads.get(local.var);
        code.add(
            load == null
                ? new VarInsnNode(insn.getOpcode(), base + local.var)
                : load.clone(labels));
      } else if (insn instanceof IincInsnNode local) {
        code.add(new IincInsnNode(base + local.var, local.incr));
      } else {
        code.add(insn.clone(labels));
      }
    }
    code.add(end);
    // Inner blocks come before outer ones.
    List<TryCatchBlockNode> blocks = new ArrayList<>();
    for (TryCatchBlockNode block : method.tryCatchBlocks) {
      blocks.add(
          new TryCatchBlockNode(
              labels.get(block.start),
              labels.get(block.end),
              labels.get(block.handler),
              block.type));
    }
    caller.tryCatchBlocks.addAll(0, blocks);
  }

  private static AbstractInsnNode only(SourceValue value) {
    return value.insns.size() == 1 ? value.insns.iterator().next() : null;
  }

  private boolean isThis(AbstractInsnNode source) {
    return source != null
        && source.getOpcode() == Opcodes.ALOAD
        && Code.local(source) == 0
        && !Code.isStatic(caller);
  }

  // Whether an instruction would load the same value later on, and loads it for this call alone.
  private boolean isLasting(AbstractInsnNode source) {
    for (AbstractInsnNode insn = source; insn != call; insn = insn.getNext()) {
      if (insn == null || insn.getOpcode() >= Opcodes.DUP && insn.getOpcode() <= Opcodes.SWAP) {
        return false;
      }
    }
    return Code.isConstant(source)
        || Code.isLoad(source) && !changed(source, call).contains(Code.local(source));
  }

  // The locals that are written between two instructions.
  private static Set<Integer> changed(AbstractInsnNode from, AbstractInsnNode to) {
    Set<Integer> changed = new HashSet<>();
    for (AbstractInsnNode insn = from; insn != to; insn = insn.getNext()) {
      if (Code.isStore(insn) || insn instanceof IincInsnNode) {
        changed.add(Code.local(insn));
      }
    }
    return changed;
  }
}
