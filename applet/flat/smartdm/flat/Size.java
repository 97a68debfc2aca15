package smartdm.flat;

import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;

/** The bytes that the code of a method takes in a CAP file, its references included. */
final class Size {
  /** What a method takes beside its code: its header, and the constant that calls name it by. */
  static final int METHOD = 2 + Bytes.CONSTANT;

  private static final int NEAR = 127;

  private final InsnList code;
  private final boolean wantsValue;
  private final Set<String> endless;

  private Size(MethodNode method, Set<String> endless) {
    code = method.instructions;
    wantsValue = !method.desc.endsWith(")V");
    this.endless = endless;
  }

  /**
   * Bytes of a method's code.
   *
   * @param endless the methods that never return, as {@link Ends} finds them
   */
  static int of(MethodNode method, Set<String> endless) {
    return new Size(method, endless).measure();
  }

  private int measure() {
    AbstractInsnNode[] insns = code.toArray();
    int references = 0;
    int[] sizes = new int[insns.length];
    for (int i = 0; i < insns.length; i++) {
      sizes[i] = size(insns[i]);
      references += Bytes.ofReference(insns[i]);
    }
    int[] at = new int[insns.length + 1];
    boolean[] far = new boolean[insns.length];
    boolean growing = true;
    while (growing) {
      growing = false;
      for (int i = 0; i < insns.length; i++) {
        at[i + 1] = at[i] + sizes[i];
      }
      for (int i = 0; i < insns.length; i++) {
        if (!far[i]
            && insns[i] instanceof JumpInsnNode jump
            && Math.abs(at[code.indexOf(jump.label)] - at[i]) > NEAR) {
          far[i] = true;
          sizes[i]++;
          growing = true;
        }
      }
    }
    return at[insns.length] + references;
  }

  private int size(AbstractInsnNode insn) {
    if (insn.getOpcode() == Opcodes.ACONST_NULL && isMark(insn)) {
      return 0;
    }
    if (insn.getOpcode() == Opcodes.ATHROW && isMark(insn.getPrevious())) {
      return !isShared(insn) ? 0 : wantsValue ? 2 : 1;
    }
    if (insn.getOpcode() == Opcodes.GOTO
        && Code.real(((JumpInsnNode) insn).label) == Code.next(insn)) {
      return 0; // it is not needed
    }
    return Bytes.of(insn);
  }

  // The null that is thrown behind a call that does not return: see Ends.
  private boolean isMark(AbstractInsnNode insn) {
    return insn != null
        && insn.getOpcode() == Opcodes.ACONST_NULL
        && insn.getPrevious() instanceof MethodInsnNode call
        && endless.contains(Code.key(call));
  }

  // Whether something jumps to the call, or to what pushes its argument: then the mark stays.
  private boolean isShared(AbstractInsnNode end) {
    AbstractInsnNode call = end.getPrevious().getPrevious();
    AbstractInsnNode push = call.getPrevious();
    return end.getNext() == null
        || push != null
            && (!Code.isReal(push)
                || push.getPrevious() != null && !Code.isReal(push.getPrevious()));
  }
}
