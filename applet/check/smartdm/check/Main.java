package smartdm.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.analysis.AnalyzerException;

/**
 * Would Oracle's converter take these classes, and would a card of API level 2.2.1 run them?
 *
 * <p>Arguments: {@code [--release N] [--changing FILE] FOLDER}. N is the newest Java release of the
 * class files (7). FILE names the fields that may change after installation, one {@code
 * package/Class.field} a line, each with its reason. One line for each fault goes to standard
 * output; exit code 0 without faults, 1 with some, 2 for wrong arguments.
 */
public final class Main {

  private static final int VERSION_OF_RELEASE_0 = 44;

  private Main() {}

  public static void main(String[] args) throws IOException {
    int release = 7;
    Set<String> changing = Set.of();
    Path folder = null;
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--release") && i + 1 < args.length) {
        release = Integer.parseInt(args[++i]);
      } else if (args[i].equals("--changing") && i + 1 < args.length) {
        changing = fields(Path.of(args[++i]));
      } else {
        folder = Path.of(args[i]);
      }
    }
    if (folder == null || !Files.isDirectory(folder)) {
      System.err.println("usage: [--release N] [--changing FILE] FOLDER; no folder " + folder);
      System.exit(2);
    }
    List<ClassNode> nodes = read(folder);
    Faults faults = check(nodes, changing, release + VERSION_OF_RELEASE_0);
    faults.sorted().forEach(System.out::println);
    System.out.printf("subset check: %d classes, %d faults%n", nodes.size(), faults.count());
    System.exit(faults.count() == 0 && !nodes.isEmpty() ? 0 : 1);
  }

  private static Faults check(List<ClassNode> nodes, Set<String> changing, int newest) {
    Faults faults = new Faults();
    Symbols symbols = new Symbols(nodes);
    ClassRules classRules = new ClassRules(symbols, changing, newest, faults);
    CodeRules codeRules = new CodeRules(symbols, faults);
    ClassRules.samePackage(nodes, faults);
    List<ClassNode> judged = new ArrayList<>();
    for (ClassNode node : nodes) {
      if (classRules.check(node)) {
        judged.add(node);
        for (MethodNode method : node.methods) {
          codeRules.check(node, method);
          flow(node, method, faults);
        }
      }
    }
    new Allocations(symbols, judged, faults).check();
    return faults;
  }

  private static void flow(ClassNode node, MethodNode method, Faults faults) {
    try {
      IntFlow.check(node, method, faults);
    } catch (AnalyzerException error) {
      faults.add(node, method, "class", "the code makes no sense: " + error.getMessage());
    }
  }

  private static List<ClassNode> read(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(file -> file.toString().endsWith(".class")).sorted().toList();
    }
    List<ClassNode> nodes = new ArrayList<>();
    for (Path file : files) {
      ClassNode node = new ClassNode();
      new ClassReader(Files.readAllBytes(file)).accept(node, ClassReader.SKIP_FRAMES);
      nodes.add(node);
    }
    return nodes;
  }

  private static Set<String> fields(Path file) throws IOException {
    Set<String> names = new TreeSet<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        names.add(line.strip().split("\\s+")[0]);
      }
    }
    return names;
  }
}
