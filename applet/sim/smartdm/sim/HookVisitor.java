package smartdm.sim;

import java.util.Set;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Puts the hooks into one method of the applet. */
final class HookVisitor extends MethodVisitor {
  private static final String HOOKS = "smartdm/sim/Hooks";
  private static final String OBJECT = "Ljava/lang/Object;";

  private final String method;
  private final Set<String> applet;

  /** In a constructor: how many objects are made but not yet initialized, -1 once `this` is. */
  private int uninitialized;

  HookVisitor(MethodVisitor next, String className, String name, Set<String> applet) {
    super(Opcodes.ASM9, next);
    this.method = className.replace('/', '.') + "." + name;
    this.applet = applet;
    uninitialized = name.equals("<init>") ? 0 : -1;
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
    ApiCalls.Hook instead = instead(owner, name, descriptor);
    if (instead != null) {
      boolean onObject = opcode != Opcodes.INVOKESTATIC;
      String taken = onObject ? "(L" + owner + ";" + descriptor.substring(1) : descriptor;
      super.visitMethodInsn(Opcodes.INVOKESTATIC, instead.owner(), instead.name(), taken, false);
      return;
    }
    if (opcode == Opcodes.INVOKESTATIC && name.equals("getInstance") && isApi(owner)) {
      hook("allocated", "()V");
    } else if (opcode == Opcodes.INVOKESPECIAL && name.equals("<init>") && uninitialized >= 0) {
      uninitialized--; // below zero: that was the constructor of `this`
    }
    super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
  }

  private ApiCalls.Hook instead(String owner, String name, String descriptor) {
    try {
      return ApiCalls.hook(owner, name, descriptor);
    } catch (SimError e) {
      throw refusal(e.getMessage());
    }
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
