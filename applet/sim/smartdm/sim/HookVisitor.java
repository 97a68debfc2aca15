package smartdm.sim;

import java.util.Set;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Puts the hooks into one method of the applet. */
final class HookVisitor extends MethodVisitor {
  private static final String HOOKS = "smartdm/sim/Hooks";
  private static final String UTIL_HOOKS = "smartdm/sim/UtilHooks";
  private static final String UTIL = "javacard/framework/Util";
  private static final String APDU_HOOKS = "smartdm/sim/ApduHooks";
  private static final String APDU = "javacard/framework/APDU";
  private static final String OBJECT = "Ljava/lang/Object;";
  private static final String THROWABLE = "java/lang/Throwable";

  /** Methods of Util that only read. */
  private static final Set<String> READERS = Set.of("arrayCompare", "makeShort", "getShort");

  private static final Set<String> WRITERS =
      Set.of("arrayCopy", "arrayCopyNonAtomic", "arrayFillNonAtomic", "setShort");

  private static final Set<String> RECEIVERS = Set.of("setIncomingAndReceive", "receiveBytes");

  private final String method;
  private final Set<String> applet;
  private final boolean isProcess;

  /** In a constructor: how many objects are made but not yet initialized, -1 once `this` is. */
  private int uninitialized;

  private Label start;

  HookVisitor(
      MethodVisitor next,
      String className,
      int access,
      String name,
      String descriptor,
      Set<String> applet) {
    super(Opcodes.ASM9, next);
    this.method = className.replace('/', '.') + "." + name;
    this.applet = applet;
    boolean instance = (access & Opcodes.ACC_STATIC) == 0;
    isProcess =
        instance && name.equals("process") && descriptor.equals("(Ljavacard/framework/APDU;)V");
    uninitialized = name.equals("<init>") ? 0 : -1;
  }

  @Override
  public void visitCode() {
    super.visitCode();
    if (isProcess) {
      start = new Label();
      super.visitLabel(start);
    }
  }

  /** Around process(): jCardSim swallows exceptions, this keeps the last one for the host. */
  @Override
  public void visitMaxs(int maxStack, int maxLocals) {
    if (isProcess) {
      Label handler = new Label();
      super.visitLabel(handler);
      super.visitTryCatchBlock(start, handler, handler, THROWABLE);
      // No local is the same all through the method: the parameters' numbers may serve others.
      super.visitFrame(Opcodes.F_FULL, 0, new Object[0], 1, new Object[] {THROWABLE});
      super.visitInsn(Opcodes.DUP);
      hook("failed", "(Ljava/lang/Throwable;)V");
      super.visitInsn(Opcodes.ATHROW);
    }
    super.visitMaxs(maxStack, maxLocals);
  }

  @Override
  public void visitInsn(int opcode) {
    switch (opcode) {
      case Opcodes.BASTORE:
        hook("storeByte", "(Ljava/lang/Object;II)V");
        break;
      case Opcodes.SASTORE:
        hook("storeShort", "([SII)V");
        break;
      case Opcodes.IASTORE:
        hook("storeInt", "([III)V");
        break;
      case Opcodes.AASTORE:
        hook("storeReference", "([Ljava/lang/Object;ILjava/lang/Object;)V");
        break;
      case Opcodes.CASTORE:
      case Opcodes.LASTORE:
      case Opcodes.FASTORE:
      case Opcodes.DASTORE:
        throw refusal("stores into an array of a type that Java Card does not have");
      default:
        super.visitInsn(opcode);
    }
  }

  @Override
  public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
    boolean ours = applet.contains(owner);
    if (ours && opcode == Opcodes.PUTFIELD && uninitialized < 0) {
      // value on top: owner value -> owner value value owner before size name -> owner value
      super.visitInsn(Opcodes.DUP2);
      super.visitInsn(Opcodes.SWAP);
      super.visitInsn(Opcodes.DUP);
      super.visitFieldInsn(Opcodes.GETFIELD, owner, name, descriptor);
      fieldHook("field", OBJECT, owner, name, descriptor);
    } else if (ours && opcode == Opcodes.PUTSTATIC) {
      super.visitInsn(Opcodes.DUP);
      super.visitFieldInsn(Opcodes.GETSTATIC, owner, name, descriptor);
      fieldHook("staticField", "", owner, name, descriptor);
    }
    super.visitFieldInsn(opcode, owner, name, descriptor);
  }

  private void fieldHook(
      String hook, String ownerType, String owner, String name, String descriptor) {
    super.visitIntInsn(Opcodes.BIPUSH, size(descriptor, name));
    super.visitLdcInsn(owner.replace('/', '.') + "." + name);
    int sort = Type.getType(descriptor).getSort();
    String type = sort == Type.ARRAY || sort == Type.OBJECT ? OBJECT : "I";
    hook(hook, "(" + type + ownerType + type + "ILjava/lang/String;)V");
  }

  private int size(String descriptor, String name) {
    switch (descriptor.charAt(0)) {
      case 'Z':
      case 'B':
        return 1;
      case 'S':
      case 'L':
      case '[':
        return 2;
      case 'I':
        return 4;
      default:
        throw refusal("writes the field " + name + " of a type that Java Card does not have");
    }
  }

  @Override
  public void visitTypeInsn(int opcode, String type) {
    if (opcode == Opcodes.NEW) {
      hook("allocated", "()V");
      if (uninitialized >= 0) {
        uninitialized++;
      }
    }
    super.visitTypeInsn(opcode, type);
    if (opcode == Opcodes.ANEWARRAY) {
      created();
    }
  }

  @Override
  public void visitIntInsn(int opcode, int operand) {
    super.visitIntInsn(opcode, operand);
    if (opcode == Opcodes.NEWARRAY) {
      created();
    }
  }

  @Override
  public void visitMultiANewArrayInsn(String descriptor, int dimensions) {
    super.visitMultiANewArrayInsn(descriptor, dimensions);
    created();
  }

  private void created() {
    super.visitInsn(Opcodes.DUP);
    hook("created", "(Ljava/lang/Object;)V");
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String descriptor, boolean isInterface) {
    if (opcode == Opcodes.INVOKESTATIC && owner.equals(UTIL) && !READERS.contains(name)) {
      if (!WRITERS.contains(name)) {
        throw refusal("calls Util." + name + ", which the simulated card does not model");
      }
      super.visitMethodInsn(opcode, UTIL_HOOKS, name, descriptor, false);
      return;
    }
    if (owner.equals(APDU) && RECEIVERS.contains(name)) {
      String withApdu = "(L" + APDU + ";" + descriptor.substring(1);
      super.visitMethodInsn(Opcodes.INVOKESTATIC, APDU_HOOKS, name, withApdu, false);
      return;
    }
    if (opcode == Opcodes.INVOKESTATIC && name.equals("getInstance") && isApi(owner)) {
      if (owner.equals("javacard/security/RandomData")) {
        hook("random", descriptor);
        return;
      }
      hook("allocated", "()V");
    } else if (opcode == Opcodes.INVOKESTATIC && name.equals("buildKey") && isApi(owner)) {
      hook("allocated", "()V");
    } else if (opcode == Opcodes.INVOKESPECIAL && name.equals("<init>") && uninitialized >= 0) {
      uninitialized--; // below zero: that was the constructor of `this`
    }
    super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
  }

  private static boolean isApi(String owner) {
    return owner.startsWith("javacard/") || owner.startsWith("javacardx/");
  }

  private void hook(String name, String descriptor) {
    super.visitMethodInsn(Opcodes.INVOKESTATIC, HOOKS, name, descriptor, false);
  }

  private SimError refusal(String what) {
    return new SimError(method + " " + what);
  }
}
