package smartdm.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/** Puts private methods where they are called, wherever that makes the class no larger. */
final class Inliner {
  // With more calls it never pays.
  private static final int MOST_CALLS = 4;

  private final ClassNode type;
  private final Set<String> endless;
  private final Fields fields;
  private final Map<MethodNode, Integer> sizes = new HashMap<>();
  // Methods that stay, with their callers: no need to try again until one of these changes.
  private final Map<MethodNode, Set<MethodNode>> kept = new HashMap<>();

  Inliner(ClassNode type, Set<String> endless, Fields fields) {
    this.type = type;
    this.endless = endless;
    this.fields = fields;
  }

  void run() throws AnalyzerException {
    boolean changing = true;
    while (changing) {
      changing = false;
      for (int i = type.methods.size() - 1; i >= 0; i--) {
        changing |= isCandidate(type.methods.get(i)) && replace(type.methods.get(i));
      }
    }
  }

  /** A method in its last form, but for what {@link Tails} does. */
  MethodNode finished(MethodNode method) {
    MethodNode copy = Code.copy(method);
    Stores.remove(copy);
    Jumps.tidy(copy);
    MethodNode finished = fields.gather(copy);
    Stores.copy(finished);
    Slots.assign(finished, type.name);
    return finished;
  }

  private int size(MethodNode method) {
    Integer known = sizes.get(method);
    if (known == null) {
      known = Size.of(finished(method), endless);
      sizes.put(method, known);
    }
    return known;
  }

  private boolean isCandidate(MethodNode method) {
    return (method.access & Opcodes.ACC_PRIVATE) != 0
        && !method.name.startsWith("<")
        && method.tryCatchBlocks.isEmpty()
        && calls(method, method).isEmpty();
  }

  private List<MethodInsnNode> calls(MethodNode caller, MethodNode method) {
    String key = type.name + "." + method.name + method.desc;
    List<MethodInsnNode> calls = new ArrayList<>();
    for (AbstractInsnNode insn : caller.instructions) {
      if (insn instanceof MethodInsnNode call && Code.key(call).equals(key)) {
        calls.add(call);
      }
    }
    return calls;
  }

  private boolean replace(MethodNode method) throws AnalyzerException {
    Map<MethodNode, MethodNode> callers = new LinkedHashMap<>();
    int count = 0;
    for (MethodNode caller : type.methods) {
      int calls = calls(caller, method).size();
      count += calls;
      if (calls > 0) {
        callers.put(caller, Code.copy(caller));
      }
    }
    if (count > MOST_CALLS || callers.keySet().equals(kept.get(method))) {
      return false;
    }
    if (!isReplaced(method, callers) || saved(method, callers) < 0) {
      kept.put(method, callers.keySet());
      return false;
    }
    type.methods.remove(method);
    type.methods.replaceAll(caller -> callers.getOrDefault(caller, caller));
    return true;
  }

  private boolean isReplaced(MethodNode method, Map<MethodNode, MethodNode> callers)
      throws AnalyzerException {
    for (MethodNode caller : callers.values()) {
      for (MethodInsnNode call : calls(caller, method)) {
        if (!Splice.replace(caller, call, method)) {
          return false;
        }
      }
      Jumps.tidy(caller);
      Slots.assign(caller, type.name); // fewer locals: less work from here on
    }
    return true;
  }

  private int saved(MethodNode method, Map<MethodNode, MethodNode> callers) {
    int saved = size(method) + Size.METHOD;
    for (Map.Entry<MethodNode, MethodNode> caller : callers.entrySet()) {
      saved += size(caller.getKey()) - size(caller.getValue());
    }
    return saved;
  }
}
