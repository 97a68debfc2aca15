package smartdm.sim;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Build step: reads the compiled applet from one folder and writes it to another with the calls to
 * {@link Hooks} put in. Line numbers and branches stay, so coverage of the result is coverage of
 * the applet. Beside the classes a list of their names is written.
 */
public final class Rewrite {
  private Rewrite() {}

  /** {@code Rewrite IN_DIR OUT_DIR}. */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: java smartdm.sim.Rewrite IN_DIR OUT_DIR");
      System.exit(2);
    }
    try {
      run(Paths.get(args[0]), Paths.get(args[1]));
    } catch (SimError e) {
      System.err.println("Rewrite: " + e.getMessage());
      System.exit(1);
    }
  }

  static void run(Path in, Path out) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(in)) {
      files = walk.filter(path -> path.toString().endsWith(".class")).collect(Collectors.toList());
    }
    List<byte[]> classes = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>();
    for (Path file : files) {
      byte[] code = Files.readAllBytes(file);
      classes.add(code);
      names.add(new ClassReader(code).getClassName());
    }
    if (names.isEmpty()) {
      throw new SimError("no class files in " + in + ": compile the applet first");
    }
    for (byte[] code : classes) {
      Path target = out.resolve(new ClassReader(code).getClassName() + ".class");
      Files.createDirectories(target.getParent());
      Files.write(target, rewrite(code, names));
    }
    String list = String.join("\n", names).replace('/', '.') + "\n";
    Files.write(out.resolve(ClassList.RESOURCE), list.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] rewrite(byte[] code, TreeSet<String> names) {
    ClassReader reader = new ClassReader(code);
    ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
    reader.accept(
        new ClassVisitor(Opcodes.ASM9, writer) {
          @Override
          public MethodVisitor visitMethod(
              int access, String name, String descriptor, String signature, String[] exceptions) {
            MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
            if (name.equals("<clinit>") || (access & Opcodes.ACC_ABSTRACT) != 0) {
              return next; // constant tables belong to the class, not to what a card does
            }
            return new HookVisitor(next, reader.getClassName(), name, names);
          }
        },
        0);
    return writer.toByteArray();
  }
}
