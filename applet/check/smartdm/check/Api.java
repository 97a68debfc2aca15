package smartdm.check;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The classes and methods of a card of the oldest kind that is served: the table api-2.2.1.txt
 * beside this class.
 */
final class Api {

  private record Entry(List<String> parents, Set<String> methods) {}

  private final Map<String, Entry> classes = new HashMap<>();

  /**
   * Lines: {@code package NAME}; {@code Class [: super, super]}; indented, the methods that the
   * class declares.
   */
  Api() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Api.class.getResourceAsStream("api-2.2.1.txt"), StandardCharsets.UTF_8))) {
      String pack = "";
      Entry entry = null;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        } else if (line.startsWith("package ")) {
          pack = line.substring(8).strip() + "/";
        } else if (line.startsWith(" ")) {
          entry.methods.addAll(Set.of(line.strip().split(" +")));
        } else {
          String[] names = line.strip().split("( : |, )");
          List<String> parents = new ArrayList<>();
          for (int i = 1; i < names.length; i++) {
            parents.add(names[i].contains("/") ? names[i] : pack + names[i]);
          }
          entry = new Entry(parents, new HashSet<>());
          classes.put(pack + names[0], entry);
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  boolean hasClass(String name) {
    return classes.containsKey(name);
  }

  /**
   * Is the method ("name(args)result") declared by the class or inherited? Constructors are not
   * inherited.
   */
  boolean hasMethod(String owner, String method) {
    Entry entry = classes.get(owner);
    return entry != null
        && (entry.methods.contains(method)
            || (!method.startsWith("<")
                && entry.parents.stream().anyMatch(parent -> hasMethod(parent, method))));
  }
}
