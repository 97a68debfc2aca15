package smartdm.check;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.LocalVariableNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TryCatchBlockNode;

/** What can be said of classes, fields and methods without looking at their code. */
final class ClassRules {

  private final Symbols symbols;
  private final Set<String> changing;
  private final int newest;
  private final Faults faults;

  /**
   * Of the fields named in {@code changing} it is known why they may change; {@code newest} is a
   * class version.
   */
  ClassRules(Symbols symbols, Set<String> changing, int newest, Faults faults) {
    this.symbols = symbols;
    this.changing = changing;
    this.newest = newest;
    this.faults = faults;
  }

  /** False for an enum: it breaks so many rules that telling them would say less. */
  boolean check(ClassNode node) {
    if ((node.access & Opcodes.ACC_ENUM) != 0) {
      faults.add(node, "class", "an enum");
      return false;
    }
    kind(node);
    symbols.parents(node).forEach(parent -> reference(node, parent));
    node.fields.forEach(field -> field(node, field));
    node.methods.forEach(method -> method(node, method));
    return true;
  }

  private void kind(ClassNode node) {
    if ((node.version & 0xFFFF) > newest) {
      faults.add(
          node, "version", "class version " + (node.version & 0xFFFF) + " is above " + newest);
    }
    if (node.name.indexOf('/') < 0) {
      faults.add(node, "package", "a CAP file wants a named package");
    }
    if ((node.access & Opcodes.ACC_RECORD) != 0) {
      faults.add(node, "class", "a record");
    }
    if ((node.access & Opcodes.ACC_ANNOTATION) != 0) {
      faults.add(node, "annotation", "an annotation type");
    }
    annotations(node, node.visibleAnnotations, node.visibleTypeAnnotations);
  }

  private void annotations(ClassNode node, List<?> visible, List<?> onTypes) {
    if (visible != null || onTypes != null) {
      faults.add(node, "annotation", "an annotation that is kept at run time");
    }
  }

  private void field(ClassNode node, FieldNode field) {
    String name = field.name;
    if (name.equals("$assertionsDisabled")) {
      return; // the assert statement is reported
    }
    type(node, Type.getType(field.desc), "field " + name);
    annotations(node, field.visibleAnnotations, field.visibleTypeAnnotations);
    if ((field.access & (Opcodes.ACC_VOLATILE | Opcodes.ACC_TRANSIENT)) != 0) {
      faults.add(node, "class", "field " + name + " is volatile or transient");
    }
    if ((field.access & Opcodes.ACC_FINAL) == 0 && !changing.contains(node.name + "." + name)) {
      faults.add(
          node, "state", "field " + name + " is not final: persistent state outside of the store");
    }
  }

  private void method(ClassNode node, MethodNode method) {
    String name = "method " + method.name;
    for (Type type : Type.getArgumentTypes(method.desc)) {
      type(node, method, type, "parameter of " + name);
    }
    type(node, method, Type.getReturnType(method.desc), "result of " + name);
    method.exceptions.forEach(exception -> reference(node, method, exception));
    for (TryCatchBlockNode block : method.tryCatchBlocks) {
      if (block.type != null) {
        reference(node, method, block.type);
      }
    }
    annotations(node, method.visibleAnnotations, method.visibleTypeAnnotations);
    if (method.visibleParameterAnnotations != null) {
      faults.add(node, method, "annotation", "an annotation that is kept at run time");
    }
    flags(node, method);
    locals(node, method);
  }

  private void flags(ClassNode node, MethodNode method) {
    if ((method.access & Opcodes.ACC_SYNCHRONIZED) != 0) {
      faults.add(node, method, "synchronized", "method " + method.name);
    }
    if ((method.access & Opcodes.ACC_NATIVE) != 0) {
      faults.add(node, method, "class", "method " + method.name + " is native");
    }
    if ((method.access & Opcodes.ACC_STRICT) != 0) {
      faults.add(node, method, "class", "method " + method.name + " is strictfp");
    }
    if ((method.access & Opcodes.ACC_VARARGS) != 0) {
      faults.add(node, method, "varargs", "method " + method.name);
    }
    if (method.name.startsWith("lambda$")) {
      faults.add(node, method, "lambda", "the body of a lambda expression");
    }
    boolean code = (method.access & Opcodes.ACC_ABSTRACT) == 0 && !method.name.equals("<clinit>");
    if (code && (node.access & Opcodes.ACC_INTERFACE) != 0) {
      faults.add(node, method, "interface", "method " + method.name + " has a body");
    }
  }

  /** An array of arrays may be declared as long as none is made; the code rules see that. */
  private void locals(ClassNode node, MethodNode method) {
    if (method.localVariables == null) {
      if (method.instructions.size() > 0 && method.maxLocals > 0) {
        faults.add(node, method, "version", "no names of local variables: compile with -g");
      }
      return;
    }
    for (LocalVariableNode local : method.localVariables) {
      Type type = Type.getType(local.desc);
      if (type.getSort() == Type.ARRAY) {
        type = type.getElementType();
      }
      String text = "local variable " + local.name + " is of type ";
      Types.fault(type).ifPresent(found -> faults.add(node, local.start, "type", text + found));
    }
  }

  private void type(ClassNode node, Type type, String what) {
    Types.fault(type)
        .ifPresentOrElse(
            found -> faults.add(node, "type", what + " is of type " + found),
            () -> symbols.unknown(type).ifPresent(found -> faults.add(node, "api", found)));
  }

  private void type(ClassNode node, MethodNode method, Type type, String what) {
    Types.fault(type)
        .ifPresentOrElse(
            found -> faults.add(node, method, "type", what + " is of type " + found),
            () -> symbols.unknown(type).ifPresent(found -> faults.add(node, method, "api", found)));
  }

  private void reference(ClassNode node, String name) {
    symbols.unknown(Type.getObjectType(name)).ifPresent(found -> faults.add(node, "api", found));
  }

  private void reference(ClassNode node, MethodNode method, String name) {
    symbols
        .unknown(Type.getObjectType(name))
        .ifPresent(found -> faults.add(node, method, "api", found));
  }

  /** All classes lie in one package: a CAP file holds one. */
  static void samePackage(Iterable<ClassNode> nodes, Faults faults) {
    Set<String> packages = new TreeSet<>();
    for (ClassNode node : nodes) {
      packages.add(node.name.substring(0, Math.max(0, node.name.lastIndexOf('/'))));
      if (packages.size() > 1) {
        faults.add(node, "package", "more than one package: " + packages);
      }
    }
  }
}
