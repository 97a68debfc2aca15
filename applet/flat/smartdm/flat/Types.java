package smartdm.flat;

import java.util.BitSet;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.Analyzer;
import org.objectweb.asm.tree.analysis.AnalyzerException;
import org.objectweb.asm.tree.analysis.BasicInterpreter;
import org.objectweb.asm.tree.analysis.BasicValue;
import org.objectweb.asm.tree.analysis.Frame;

/** What is on the stack and in the locals of a method, each with its very type. */
final class Types {
  private final MethodNode method;
  private final Frame<BasicValue>[] frames;
  private final BitSet[] live;

  Types(MethodNode method, String owner) throws AnalyzerException {
    this.method = method;
    frames = new Analyzer<>(new Exact()).analyze(owner, method);
    live = new Flow(method).liveBehind();
  }

  /** Whether the code that starts at one place could as well be entered as at the other. */
  boolean same(AbstractInsnNode one, AbstractInsnNode other) {
    int at = method.instructions.indexOf(other);
    return fit(frames[method.instructions.indexOf(one)], at);
  }

  /** Whether a method could go on at an instruction after one that takes a single short. */
  boolean fit(AbstractInsnNode call, AbstractInsnNode next) throws AnalyzerException {
    Frame<BasicValue> from = frames[method.instructions.indexOf(call)];
    if (from == null) {
      return false;
    }
    Frame<BasicValue> behind = new Frame<>(from);
    behind.execute(call, new Exact());
    return fit(behind, method.instructions.indexOf(next));
  }

  private boolean fit(Frame<BasicValue> from, int at) {
    Frame<BasicValue> to = frames[at];
    if (from == null || to == null || from.getStackSize() != to.getStackSize()) {
      return false;
    }
    for (int i = 0; i < from.getStackSize(); i++) {
      if (!from.getStack(i).equals(to.getStack(i))) {
        return false;
      }
    }
    BitSet needed = new BitSet();
    needed.or(live[at]);
    int local = Code.local(method.instructions.get(at));
    if (local >= 0) {
      needed.set(local, !Code.isStore(method.instructions.get(at)));
    }
    return needed.stream().allMatch(i -> from.getLocal(i).equals(to.getLocal(i)));
  }

  private static final class Exact extends BasicInterpreter {
    Exact() {
      super(Opcodes.ASM9);
    }

    @Override
    public BasicValue newValue(Type type) {
      return type != null && type.getSort() >= Type.ARRAY
          ? new BasicValue(type)
          : super.newValue(type);
    }

    @Override
    public BasicValue merge(BasicValue one, BasicValue other) {
      if (one.equals(other)) {
        return one;
      }
      return one.isReference() && other.isReference()
          ? BasicValue.REFERENCE_VALUE
          : BasicValue.UNINITIALIZED_VALUE;
    }
  }
}
