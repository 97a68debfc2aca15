package smartdm.flat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Final fields of {@code this}: they are the same whenever a method other than the constructor
 * loads them, so a method that needs one often loads it once.
 */
final class Fields {
  private final ClassNode type;
  private final Set<String> endless;
  private final Map<String, FieldNode> finals = new HashMap<>();

  Fields(ClassNode type, Set<String> endless) {
    this.type = type;
    this.endless = endless;
    for (FieldNode field : type.fields) {
      if ((field.access & Opcodes.ACC_FINAL) != 0 && (field.access & Opcodes.ACC_STATIC) == 0) {
        finals.put(type.name + "." + field.name, field);
      }
    }
  }

  /** Loads a field anew wherever a local holds nothing but it. */
  void spread(MethodNode method) {
    if (isOther(method)) {
      return;
    }
    Map<Integer, List<AbstractInsnNode>> writes = new HashMap<>();
    for (AbstractInsnNode insn : method.instructions) {
      if (Code.local(insn) >= 0 && !Code.isLoad(insn)) {
        writes.computeIfAbsent(Code.local(insn), local -> new ArrayList<>()).add(insn);
      }
    }
    int parameters = Code.parameters(method, type.name).size();
    writes.forEach(
        (local, stores) -> {
          AbstractInsnNode store = stores.get(0);
          if (local >= parameters && stores.size() == 1 && isLoad(store.getPrevious())) {
            spread(method.instructions, store);
          }
        });
  }

  private void spread(InsnList code, AbstractInsnNode store) {
    FieldInsnNode field = (FieldInsnNode) store.getPrevious();
    for (AbstractInsnNode insn : code.toArray()) {
      if (Code.isLoad(insn) && Code.local(insn) == Code.local(store)) {
        code.insertBefore(insn, new VarInsnNode(Opcodes.ALOAD, 0));
        code.set(insn, load(field));
      }
    }
    code.remove(field.getPrevious());
    code.remove(field);
    code.remove(store);
  }

  /** Loads fields once, at the start, where that is shorter. Gives the locals their numbers. */
  MethodNode gather(MethodNode method) {
    MethodNode best = Code.copy(method);
    Slots.assign(best, type.name);
    if (isOther(method)) {
      return best;
    }
    Map<String, Integer> loads = new LinkedHashMap<>();
    for (AbstractInsnNode insn : method.instructions) {
      if (isLoad(insn)) {
        loads.merge(Code.key((FieldInsnNode) insn), 1, Integer::sum);
      }
    }
    List<String> often = new ArrayList<>(new TreeSet<>(loads.keySet()));
    often.removeIf(field -> loads.get(field) < 3);
    often.sort((one, other) -> loads.get(other) - loads.get(one));
    MethodNode base = method;
    for (String field : often) {
      MethodNode next = gathered(base, field);
      MethodNode numbered = Code.copy(next);
      Slots.assign(numbered, type.name);
      if (Size.of(numbered, endless) < Size.of(best, endless)) {
        base = next;
        best = numbered;
      }
    }
    return best;
  }

  private MethodNode gathered(MethodNode method, String name) {
    MethodNode next = Code.copy(method);
    InsnList code = next.instructions;
    int local = next.maxLocals++;
    next.maxStack++;
    Type kind = Type.getType(finals.get(name).desc);
    FieldInsnNode first = null;
    for (AbstractInsnNode insn : code.toArray()) {
      if (isLoad(insn) && Code.key((FieldInsnNode) insn).equals(name)) {
        first = (FieldInsnNode) insn;
        code.remove(insn.getPrevious());
        code.set(insn, new VarInsnNode(kind.getOpcode(Opcodes.ILOAD), local));
      }
    }
    code.insert(new VarInsnNode(kind.getOpcode(Opcodes.ISTORE), local));
    code.insert(load(first));
    code.insert(new VarInsnNode(Opcodes.ALOAD, 0));
    return next;
  }

  private FieldInsnNode load(FieldInsnNode field) {
    return new FieldInsnNode(Opcodes.GETFIELD, field.owner, field.name, field.desc);
  }

  // A method that has no such fields, or in which they change.
  private static boolean isOther(MethodNode method) {
    return Code.isStatic(method) || method.name.equals("<init>");
  }

  private boolean isLoad(AbstractInsnNode insn) {
    return insn instanceof FieldInsnNode field
        && field.getOpcode() == Opcodes.GETFIELD
        && finals.containsKey(Code.key(field))
        && field.getPrevious() instanceof VarInsnNode self
        && self.getOpcode() == Opcodes.ALOAD
        && self.var == 0;
  }
}
