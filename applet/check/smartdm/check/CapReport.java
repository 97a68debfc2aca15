package smartdm.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Prints what a CAP file asks of a card: its load size and the packages that it imports. Arguments:
 * FILE LIMIT.
 */
public final class CapReport {

  private CapReport() {}

  /** Exits 1 when the load size is above LIMIT bytes. */
  public static void main(String[] args) throws IOException {
    int limit = Integer.parseInt(args[1]);
    Map<String, byte[]> components = components(args[0]);
    int size = 0;
    for (Map.Entry<String, byte[]> component : components.entrySet()) {
      System.out.printf("  %-14s %6d%n", component.getKey(), component.getValue().length);
      size += component.getValue().length;
    }
    imports(components.get("Import"));
    System.out.printf("load size: %d bytes of %d%n", size, limit);
    if (size > limit) {
      System.out.println(
          "The CAP file is too large: make it smaller, or raise cap.limit in build.xml.");
      System.exit(1);
    }
  }

  /** What is loaded; Descriptor and Debug serve the verifier and the debugger only (JCVM 6.1). */
  private static Map<String, byte[]> components(String file) throws IOException {
    Map<String, byte[]> result = new TreeMap<>();
    try (ZipFile zip = new ZipFile(file)) {
      for (ZipEntry entry : zip.stream().toList()) {
        String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
        if (name.endsWith(".cap") && !name.equals("Descriptor.cap") && !name.equals("Debug.cap")) {
          result.put(
              name.substring(0, name.length() - 4), zip.getInputStream(entry).readAllBytes());
        }
      }
    }
    return result;
  }

  /**
   * JCVM 6.6: tag 1, size 2, count 1, then minor 1, major 1, AID length 1, AID for each package.
   */
  private static void imports(byte[] component) {
    ByteBuffer in = ByteBuffer.wrap(component);
    in.position(3);
    for (int left = in.get(); left > 0; left--) {
      int minor = in.get();
      int major = in.get();
      byte[] aid = new byte[in.get()];
      in.get(aid);
      String name = HexFormat.of().withUpperCase().formatHex(aid);
      System.out.printf("imports %s %d.%d%n", name, major, minor);
    }
  }
}
