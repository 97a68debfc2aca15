package smartdm.check;

import java.util.TreeSet;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.LineNumberNode;
import org.objectweb.asm.tree.MethodNode;

/** What was found, each fault once, in the order of files and lines. */
final class Faults {

  /** One fault; line 0 where the class file tells none. */
  record Fault(String file, int line, String rule, String text) implements Comparable<Fault> {
    @Override
    public int compareTo(Fault other) {
      int order = file.compareTo(other.file);
      order = order != 0 ? order : Integer.compare(line, other.line);
      order = order != 0 ? order : rule.compareTo(other.rule);
      return order != 0 ? order : text.compareTo(other.text);
    }

    @Override
    public String toString() {
      return file + (line == 0 ? "" : ":" + line) + ": " + rule + ": " + text;
    }
  }

  private final TreeSet<Fault> all = new TreeSet<>();

  void add(ClassNode owner, String rule, String text) {
    all.add(new Fault(file(owner), 0, rule, text));
  }

  /** A fault of a whole method, at its first line. */
  void add(ClassNode owner, MethodNode method, String rule, String text) {
    all.add(new Fault(file(owner), next(method.instructions.getFirst()), rule, text));
  }

  /** A fault of an instruction; what stands before the first line number belongs to it. */
  void add(ClassNode owner, AbstractInsnNode where, String rule, String text) {
    AbstractInsnNode node = where;
    while (node != null && !(node instanceof LineNumberNode)) {
      node = node.getPrevious();
    }
    int line = node == null ? next(where) : ((LineNumberNode) node).line;
    all.add(new Fault(file(owner), line, rule, text));
  }

  private static int next(AbstractInsnNode from) {
    AbstractInsnNode node = from;
    while (node != null && !(node instanceof LineNumberNode)) {
      node = node.getNext();
    }
    return node == null ? 0 : ((LineNumberNode) node).line;
  }

  int count() {
    return all.size();
  }

  Iterable<Fault> sorted() {
    return all;
  }

  private static String file(ClassNode owner) {
    int slash = owner.name.lastIndexOf('/') + 1;
    String source = owner.sourceFile != null ? owner.sourceFile : owner.name.substring(slash);
    return owner.name.substring(0, slash) + source;
  }
}
