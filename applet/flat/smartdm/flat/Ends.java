package smartdm.flat;

import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/**
 * Calls that never return: those of {@code ISOException.throwIt}, and of the class's own methods
 * that always end in one. A mark, {@code throw null}, makes that visible to the other passes; it is
 * never run.
 */
final class Ends {
  private static final String THROW = "javacard/framework/ISOException.throwIt(S)V";

  private final ClassNode type;
  private final Set<String> endless = new HashSet<>(Set.of(THROW));

  private Ends(ClassNode type) {
    this.type = type;
  }

  /** Marks all such calls in the class; returns the methods that they call. */
  static Set<String> mark(ClassNode type) {
    Ends ends = new Ends(type);
    int known = 0;
    while (known < ends.endless.size()) {
      known = ends.endless.size();
      for (MethodNode method : type.methods) {
        ends.mark(method);
      }
    }
    return ends.endless;
  }

  private void mark(MethodNode method) {
    InsnList code = method.instructions;
    for (AbstractInsnNode insn : code.toArray()) {
      if (isEndless(insn, endless) && !isMark(insn.getNext())) {
        code.insert(insn, new InsnNode(Opcodes.ATHROW));
        code.insert(insn, new InsnNode(Opcodes.ACONST_NULL));
        method.maxStack++;
      }
    }
    Jumps.tidy(method);
    boolean returns = false;
    for (AbstractInsnNode insn : code) {
      returns |= Code.isReturn(insn);
    }
    // One that is not private may be called from elsewhere, or be another's that is overridden.
    if (!returns && (method.access & Opcodes.ACC_PRIVATE) != 0 && method.name.charAt(0) != '<') {
      endless.add(type.name + "." + method.name + method.desc);
    }
  }

  /**
   * Takes the marks out of a method again. One that is reached from several places stays an end,
   * for there is no place that all of them could go on at.
   */
  static void unmark(MethodNode method, String owner, Set<String> endless)
      throws AnalyzerException {
    InsnList code = method.instructions;
    for (AbstractInsnNode insn : code.toArray()) {
      if (isEndless(insn, endless) && isMark(insn.getNext())) {
        AbstractInsnNode mark = insn.getNext();
        AbstractInsnNode end = mark.getNext();
        AbstractInsnNode next = Code.next(end);
        if (next != null && new Types(method, owner).fit(insn, next)) {
          code.remove(mark);
          code.remove(end);
        } else if (method.desc.endsWith(")V")) {
          code.remove(mark);
          code.set(end, new InsnNode(Opcodes.RETURN));
        }
      }
    }
  }

  private static boolean isEndless(AbstractInsnNode insn, Set<String> endless) {
    return insn instanceof MethodInsnNode call && endless.contains(Code.key(call));
  }

  private static boolean isMark(AbstractInsnNode insn) {
    return insn != null
        && insn.getOpcode() == Opcodes.ACONST_NULL
        && insn.getNext() != null
        && insn.getNext().getOpcode() == Opcodes.ATHROW;
  }
}
