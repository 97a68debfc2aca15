package smartdm.flat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/**
 * Makes one small class of the applet's layers, so that they cost the card nothing.
 *
 * <p>In a CAP file each class repeats the references to the methods it inherits and lists those it
 * hands on; a private method of a single class needs neither. The sources keep their layers.
 *
 * <p>Arguments: {@code IN OUT TOP}: two folders of class files, the second one empty, and the
 * internal name of the top class. Exit code 1, with one line, when the classes break a rule.
 */
public final class Main {

  private Main() {}

  public static void main(String[] args) throws IOException, AnalyzerException {
    if (args.length != 3) {
      System.err.println("usage: IN OUT TOP");
      System.exit(2);
    }
    try {
      run(Path.of(args[0]), Path.of(args[1]), args[2]);
    } catch (FlatError error) {
      System.err.println("flat: " + error.getMessage());
      System.exit(1);
    }
  }

  private static void run(Path in, Path out, String name) throws IOException, AnalyzerException {
    Map<String, ClassNode> classes = read(in);
    int before = classes.size();
    ClassNode top = Tower.flatten(classes, name);
    shrink(top);
    for (ClassNode node : classes.values()) {
      ClassWriter writer = new Writer();
      node.accept(writer);
      Path file = out.resolve(node.name + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, writer.toByteArray());
    }
    System.out.printf(
        "flat: %d classes became %d, with %d methods%n",
        before, classes.size(), top.methods.size());
  }

  private static void shrink(ClassNode top) throws AnalyzerException {
    Set<String> endless = Ends.mark(top);
    Fields fields = new Fields(top, endless);
    for (MethodNode method : top.methods) {
      fields.spread(method);
    }
    Inliner inliner = new Inliner(top, endless, fields);
    inliner.run();
    for (MethodNode method : List.copyOf(top.methods)) {
      MethodNode last = Tails.share(inliner.finished(method), top.name, endless);
      Slots.assign(last, top.name);
      Ends.unmark(last, top.name, endless);
      top.methods.set(top.methods.indexOf(method), last);
    }
  }

  private static Map<String, ClassNode> read(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.filter(file -> file.toString().endsWith(".class")).toList();
    }
    Map<String, ClassNode> classes = new TreeMap<>();
    for (Path file : files) {
      ClassNode node = new ClassNode();
      // Lines would name the files of other classes.
      new ClassReader(Files.readAllBytes(file))
          .accept(node, ClassReader.SKIP_FRAMES | ClassReader.SKIP_DEBUG);
      classes.put(node.name, node);
    }
    return classes;
  }

  /** Computes frames without loading the card's classes. */
  private static final class Writer extends ClassWriter {
    Writer() {
      super(COMPUTE_MAXS | COMPUTE_FRAMES);
    }

    @Override
    protected String getCommonSuperClass(String one, String other) {
      return one.equals(other) ? one : "java/lang/Object";
    }
  }
}
