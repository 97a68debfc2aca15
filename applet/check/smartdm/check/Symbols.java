package smartdm.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodNode;

/** The classes under check together with the card's API: does a name stand for anything? */
final class Symbols {

  private final Map<String, ClassNode> own = new TreeMap<>();
  private final Api api = new Api();

  Symbols(Iterable<ClassNode> nodes) {
    nodes.forEach(node -> own.put(node.name, node));
  }

  List<String> parents(ClassNode node) {
    List<String> result = new ArrayList<>(node.interfaces);
    if (node.superName != null) {
      result.add(node.superName);
    }
    return result;
  }

  boolean isOwn(String name) {
    return own.containsKey(name);
  }

  /** A sentence about the class of a type that neither we nor the card have. */
  Optional<String> unknown(Type type) {
    Type element = type.getSort() == Type.ARRAY ? type.getElementType() : type;
    if (element.getSort() != Type.OBJECT) {
      return Optional.empty();
    }
    String name = element.getInternalName();
    return own.containsKey(name) || api.hasClass(name)
        ? Optional.empty()
        : Optional.of("the card has no class " + element.getClassName());
  }

  /** Is there such a method, "name(args)result", in the class or above it? */
  boolean hasMethod(String owner, String method) {
    ClassNode node = own.get(owner);
    if (node == null) {
      return api.hasMethod(owner, method) || api.hasMethod("java/lang/Object", method);
    }
    return node.methods.stream().anyMatch(mine -> (mine.name + mine.desc).equals(method))
        || (!method.startsWith("<")
            && parents(node).stream().anyMatch(parent -> hasMethod(parent, method)));
  }

  /**
   * Does the method answer calls of the card's runtime: is it declared by a class of the API above?
   */
  boolean isCallback(ClassNode node, MethodNode method) {
    return !method.name.startsWith("<")
        && parents(node).stream().anyMatch(parent -> inApi(parent, method.name + method.desc));
  }

  private boolean inApi(String owner, String method) {
    ClassNode node = own.get(owner);
    return node == null
        ? hasMethod(owner, method)
        : parents(node).stream().anyMatch(parent -> inApi(parent, method));
  }
}
