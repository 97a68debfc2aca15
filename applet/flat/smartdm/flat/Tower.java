package smartdm.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TypeInsnNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/**
 * A class and those it extends, made one. What only the layers could see becomes private, so a call
 * leads to one known method; therefore no layer may have a method or a field of the same name as
 * another, and no class beside them may use one.
 */
final class Tower {
  private static final int SEEN = Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED | Opcodes.ACC_PRIVATE;

  // The lowest first.
  private final Deque<ClassNode> layers = new ArrayDeque<>();
  // Classes and interfaces of which nothing is ever made: constants, tables, static methods.
  private final List<ClassNode> holders = new ArrayList<>();
  private final Set<String> names = new LinkedHashSet<>();
  private final ClassNode top;
  private final Map<String, MethodNode> methods = new HashMap<>();

  private Tower(Map<String, ClassNode> classes, String name) {
    for (ClassNode node = classes.get(name); node != null; node = classes.get(node.superName)) {
      layers.addFirst(node);
      names.add(node.name);
    }
    if (layers.isEmpty()) {
      throw new FlatError("there is no class " + name);
    }
    top = layers.getLast();
    for (ClassNode node : classes.values()) {
      if (!names.contains(node.name) && isHolder(node)) {
        holders.add(node);
      }
    }
    holders.forEach(holder -> names.add(holder.name));
  }

  /**
   * Takes the layers and the classes of which nothing is ever made out of the classes.
   *
   * @return the top, which holds all of them now
   */
  static ClassNode flatten(Map<String, ClassNode> classes, String name) throws AnalyzerException {
    Tower tower = new Tower(classes, name);
    tower.join();
    classes.keySet().removeIf(node -> tower.names.contains(node) && !node.equals(name));
    classes.values().forEach(tower::checkStranger);
    return tower.top;
  }

  private void join() throws AnalyzerException {
    MethodNode constructor = constructor();
    MethodNode initializer = new MethodNode(Opcodes.ACC_STATIC, "<clinit>", "()V", null, null);
    ClassNode flat = new ClassNode();
    flat.methods.add(constructor);
    Set<String> interfaces = new LinkedHashSet<>();
    for (ClassNode layer : parts()) {
      interfaces.addAll(layer.interfaces);
      layer.fields.forEach(field -> add(flat, layer, field));
      for (MethodNode method : layer.methods) {
        checkLocals(layer, method);
        if (method.name.equals("<clinit>")) {
          append(initializer, method);
        } else if (!method.name.equals("<init>")) {
          add(flat, layer, method);
        }
      }
    }
    if (initializer.instructions.size() > 0) {
      initializer.instructions.add(new InsnNode(Opcodes.RETURN));
      flat.methods.add(initializer);
    }
    flat.methods.forEach(this::redirect);
    // The classes go on with this very node.
    top.superName = layers.getFirst().superName;
    interfaces.removeAll(names);
    top.interfaces = List.copyOf(interfaces);
    top.fields = flat.fields;
    top.methods = flat.methods;
  }

  private List<ClassNode> parts() {
    List<ClassNode> parts = new ArrayList<>(holders);
    parts.addAll(layers);
    return parts;
  }

  // A constant is in the code already. Those of the layers stay, as they cost nothing, for whoever
  // looks at the card's object from outside.
  private void add(ClassNode flat, ClassNode layer, FieldNode field) {
    boolean isTaken = flat.fields.stream().anyMatch(other -> other.name.equals(field.name));
    if (field.value == null && isTaken) {
      throw new FlatError(layer.name + "." + field.name + ": another layer has such a field, too");
    }
    if (field.value == null || !isTaken && !holders.contains(layer)) {
      flat.fields.add(field);
    }
  }

  private void add(ClassNode flat, ClassNode layer, MethodNode method) {
    if ((method.access & Opcodes.ACC_ABSTRACT) != 0) {
      throw new FlatError(layer.name + "." + method.name + ": a layer's method cannot be abstract");
    }
    if (methods.put(method.name + method.desc, method) != null) {
      throw new FlatError(
          layer.name + "." + method.name + method.desc + ": another layer has such a method, too");
    }
    flat.methods.add(method);
    if ((method.access & SEEN) == 0) {
      method.access = method.access & ~Opcodes.ACC_FINAL | Opcodes.ACC_PRIVATE;
    }
  }

  private void redirect(MethodNode caller) {
    for (AbstractInsnNode insn : caller.instructions) {
      if (insn instanceof FieldInsnNode field && names.contains(field.owner)) {
        field.owner = top.name;
      } else if (insn instanceof MethodInsnNode call && names.contains(call.owner)) {
        call.owner = top.name;
        call.itf = false;
        MethodNode method = methods.get(call.name + call.desc);
        if (method != null && !Code.isStatic(method)) {
          boolean isPrivate = (method.access & Opcodes.ACC_PRIVATE) != 0;
          call.setOpcode(isPrivate ? Opcodes.INVOKESPECIAL : Opcodes.INVOKEVIRTUAL);
        }
      }
    }
  }

  // That of the top, with those below in place of the calls of them.
  private MethodNode constructor() throws AnalyzerException {
    Iterator<ClassNode> down = layers.descendingIterator();
    MethodNode joined = only(down.next());
    while (down.hasNext()) {
      ClassNode layer = down.next();
      MethodNode lower = only(layer);
      for (AbstractInsnNode insn : joined.instructions.toArray()) {
        if (insn instanceof MethodInsnNode call
            && call.name.equals("<init>")
            && call.owner.equals(layer.name)
            && !Splice.replace(joined, call, lower)) {
          throw new FlatError(layer.name + ": an object is made of a layer below the top");
        }
      }
    }
    return joined;
  }

  private static MethodNode only(ClassNode layer) {
    MethodNode only = null;
    for (MethodNode method : layer.methods) {
      if (method.name.equals("<init>")) {
        if (only != null) {
          throw new FlatError(layer.name + ": a layer can have one constructor, this has more");
        }
        only = method;
      }
    }
    return only;
  }

  // No card has long and double; the passes count on one local, one number.
  private static void checkLocals(ClassNode layer, MethodNode method) {
    boolean isWide =
        Type.getArgumentsAndReturnSizes(method.desc) >> 2
            != 1 + Type.getArgumentTypes(method.desc).length;
    for (AbstractInsnNode insn : method.instructions) {
      isWide |=
          switch (insn.getOpcode()) {
            case Opcodes.LLOAD, Opcodes.DLOAD, Opcodes.LSTORE, Opcodes.DSTORE -> true;
            default -> false;
          };
    }
    if (isWide) {
      throw new FlatError(layer.name + "." + method.name + ": has a long or double");
    }
  }

  // Static initializers of applets are straight: they only fill tables.
  private static void append(MethodNode all, MethodNode initializer) {
    for (AbstractInsnNode insn : initializer.instructions.toArray()) {
      if (insn.getOpcode() != Opcodes.RETURN) {
        initializer.instructions.remove(insn);
        all.instructions.add(insn);
      }
    }
    all.maxLocals = Math.max(all.maxLocals, initializer.maxLocals);
    all.maxStack = Math.max(all.maxStack, initializer.maxStack);
  }

  // A class that stays must not use what has become private.
  private void checkStranger(ClassNode node) {
    for (MethodNode method : node.methods) {
      for (AbstractInsnNode insn : method.instructions) {
        String name = named(insn);
        if (node != top && names.contains(name)) {
          throw new FlatError(node.name + "." + method.name + ": uses the layer " + name);
        }
      }
    }
  }

  private static String named(AbstractInsnNode insn) {
    if (insn instanceof FieldInsnNode field) {
      return field.owner;
    }
    if (insn instanceof MethodInsnNode call) {
      return call.owner;
    }
    return insn instanceof TypeInsnNode type ? type.desc : "";
  }

  private static boolean isHolder(ClassNode node) {
    return node.superName.equals("java/lang/Object")
        && node.fields.stream().allMatch(field -> (field.access & Opcodes.ACC_STATIC) != 0)
        && node.methods.stream().allMatch(method -> isMakingNone(node, method));
  }

  private static boolean isMakingNone(ClassNode node, MethodNode method) {
    for (AbstractInsnNode insn : method.instructions) {
      if (insn instanceof TypeInsnNode type && type.desc.equals(node.name)) {
        return false;
      }
    }
    return Code.isStatic(method)
        || method.name.equals("<init>") && (method.access & Opcodes.ACC_PRIVATE) != 0;
  }
}
