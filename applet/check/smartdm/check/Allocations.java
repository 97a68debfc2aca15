package smartdm.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TypeInsnNode;

/**
 * Memory of a card is never given back, so all of it is taken while the applet is installed: in
 * constructors, in {@code install}, in static tables, and in methods that are called from nowhere
 * else.
 */
final class Allocations {

  private final Symbols symbols;
  private final Iterable<ClassNode> nodes;
  private final Faults faults;

  /**
   * "name(args)result" of a method to the methods that call one of that name, whatever its class.
   */
  private final Map<String, Set<MethodNode>> callers = new HashMap<>();

  private final Set<MethodNode> late = new HashSet<>();

  Allocations(Symbols symbols, Iterable<ClassNode> nodes, Faults faults) {
    this.symbols = symbols;
    this.nodes = nodes;
    this.faults = faults;
  }

  void check() {
    nodes.forEach(node -> node.methods.forEach(this::collect));
    while (spread()) {
      // until every method that a late one calls is late as well
    }
    for (ClassNode node : nodes) {
      for (MethodNode method : node.methods) {
        if (late.contains(method)) {
          scan(node, method);
        }
      }
    }
  }

  private void collect(MethodNode method) {
    for (AbstractInsnNode insn : method.instructions) {
      if (insn instanceof MethodInsnNode call && symbols.isOwn(call.owner)) {
        callers.computeIfAbsent(call.name + call.desc, name -> new HashSet<>()).add(method);
      }
    }
  }

  private boolean spread() {
    boolean grown = false;
    for (ClassNode node : nodes) {
      for (MethodNode method : node.methods) {
        grown |= isLate(node, method) && late.add(method);
      }
    }
    return grown;
  }

  /**
   * Constructors are judged where {@code new} is: whoever makes an object later is reported there.
   */
  private boolean isLate(ClassNode node, MethodNode method) {
    boolean isStatic = (method.access & Opcodes.ACC_STATIC) != 0;
    boolean install = isStatic && (method.name + method.desc).equals("install([BSB)V");
    if (method.name.startsWith("<") || install) {
      return false;
    }
    Set<MethodNode> from = callers.getOrDefault(method.name + method.desc, Set.of());
    return from.isEmpty()
        || symbols.isCallback(node, method)
        || from.stream().anyMatch(late::contains);
  }

  private void scan(ClassNode node, MethodNode method) {
    for (AbstractInsnNode insn : method.instructions) {
      if (insn instanceof TypeInsnNode type && type.desc.equals(CodeRules.ASSERTION_ERROR)) {
        continue; // reported as an assert statement
      }
      switch (insn.getOpcode()) {
        case Opcodes.NEW, Opcodes.NEWARRAY, Opcodes.ANEWARRAY, Opcodes.MULTIANEWARRAY ->
            faults.add(node, insn, "allocation", "memory is taken after the applet was installed");
        default -> {
          if (insn instanceof MethodInsnNode call && makes(call)) {
            String name = Type.getObjectType(call.owner).getClassName() + "." + call.name;
            faults.add(node, insn, "allocation", name + " after the applet was installed");
          }
        }
      }
    }
  }

  private boolean makes(MethodInsnNode call) {
    return !symbols.isOwn(call.owner)
        && (call.name.startsWith("makeTransient")
            || call.name.equals("getInstance")
            || call.name.equals("buildKey"));
  }
}
