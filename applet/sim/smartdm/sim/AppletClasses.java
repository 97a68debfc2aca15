package smartdm.sim;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javacard.framework.Applet;
import javacard.framework.MultiSelectable;

/**
 * The rewritten classes of the applet: their fields, and their static fields as class
 * initialization left them, so that each fresh card starts from there.
 */
final class AppletClasses {
  private static final int FINGERPRINT = 8;

  /** What holds for fields everywhere: compilers and coverage tools name theirs with a dollar. */
  private static final String FOREIGN = "$";

  private final List<Class<? extends Applet>> applets = new ArrayList<>();
  private final List<Class<?>> classes = new ArrayList<>();
  private final Map<Class<?>, Field[]> fields = new HashMap<>();
  private final List<Field> statics = new ArrayList<>();
  private final List<Object> baseline = new ArrayList<>();
  private byte[] fingerprint;

  /** {@code appletNames}: the applets to install, in this order; all are of one package. */
  AppletClasses(List<String> appletNames) {
    String loading = ClassList.RESOURCE;
    try {
      for (String name : names()) {
        loading = name;
        classes.add(Class.forName(name));
      }
      for (String name : appletNames) {
        loading = name;
        applets.add(Class.forName(name).asSubclass(Applet.class));
      }
    } catch (ClassNotFoundException | ClassCastException e) {
      throw new SimError("no applet class " + loading + " on the class path", e);
    }
    requireOnePackage();
    for (Class<?> type : classes) {
      fields.put(type, own(type, false));
      for (Field field : own(type, true)) {
        statics.add(field);
        baseline.add(copy(get(field, null)));
      }
    }
  }

  private void requireOnePackage() {
    Class<? extends Applet> first = applets.get(0);
    for (Class<? extends Applet> other : applets) {
      if (!other.getPackageName().equals(first.getPackageName())) {
        throw new SimError(other.getName() + " is of another package than " + first.getName());
      }
      if (isMulti(other) != isMulti(first)) {
        throw new SimError(
            "all applets of a package are MultiSelectable or none is: "
                + (isMulti(first) ? other : first).getName()
                + " is not");
      }
    }
  }

  private static boolean isMulti(Class<? extends Applet> type) {
    return MultiSelectable.class.isAssignableFrom(type);
  }

  private static List<String> names() {
    List<String> names = new ArrayList<>();
    ClassLoader loader = AppletClasses.class.getClassLoader();
    try (InputStream list = loader.getResourceAsStream(ClassList.RESOURCE)) {
      if (list == null) {
        throw new SimError("the class path has no rewritten applet (" + ClassList.RESOURCE + ")");
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(list, StandardCharsets.US_ASCII));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        names.add(line);
      }
    } catch (IOException e) {
      throw new SimError("cannot read " + ClassList.RESOURCE + ": " + e.getMessage(), e);
    }
    return names;
  }

  List<Class<? extends Applet>> applets() {
    return applets;
  }

  /** The instance fields of a class of the applet by name; null for any other class. */
  Field[] fields(Class<?> type) {
    return fields.get(type);
  }

  List<Field> statics() {
    return statics;
  }

  /** Static fields and the arrays in them as they were, for a fresh card, and entered with it. */
  void reset(Memory memory) {
    for (int i = 0; i < statics.size(); i++) {
      Field field = statics.get(i);
      Object was = baseline.get(i);
      Object now = get(field, null);
      if (!Modifier.isFinal(field.getModifiers())) {
        now = copy(was);
        set(field, null, now);
      } else if (isArray(now)) {
        System.arraycopy(was, 0, now, 0, Array.getLength(was));
      }
      if (isArray(now)) {
        memory.arrays.add(now);
      }
    }
  }

  /** A digest over the names and types of all fields: equal means that an image fits. */
  byte[] fingerprint() {
    if (fingerprint == null) {
      fingerprint = digest();
    }
    return fingerprint;
  }

  private byte[] digest() {
    StringBuilder text = new StringBuilder();
    for (Class<?> type : classes) {
      text.append(type.getName()).append('<').append(type.getSuperclass()).append('\n');
      for (Field field : fields.get(type)) {
        text.append(field.getName()).append(':').append(field.getType().getName()).append('\n');
      }
    }
    for (Field field : statics) {
      text.append(field).append('\n');
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] hash = digest.digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return Arrays.copyOf(hash, FINGERPRINT);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  private static Field[] own(Class<?> type, boolean isStatic) {
    List<Field> own = new ArrayList<>();
    for (Field field : type.getDeclaredFields()) {
      boolean constant = Modifier.isFinal(field.getModifiers()) && field.getType().isPrimitive();
      boolean matches = Modifier.isStatic(field.getModifiers()) == isStatic;
      if (matches && !(isStatic && constant) && !field.getName().contains(FOREIGN)) {
        field.setAccessible(true);
        own.add(field);
      }
    }
    own.sort(
        new Comparator<Field>() { // a lambda costs milliseconds at start-up
          @Override
          public int compare(Field one, Field other) {
            return one.getName().compareTo(other.getName());
          }
        });
    return own.toArray(new Field[0]);
  }

  /** The field that this class itself declares, null if it has none of this name. */
  static Field declared(Class<?> type, String name) {
    for (Field field : type.getDeclaredFields()) {
      if (field.getName().equals(name)) {
        return field;
      }
    }
    return null;
  }

  private static boolean isArray(Object value) {
    return value != null && value.getClass().isArray();
  }

  private static Object copy(Object value) {
    if (!isArray(value)) {
      return value;
    }
    int length = Array.getLength(value);
    Object copy = Array.newInstance(value.getClass().getComponentType(), length);
    System.arraycopy(value, 0, copy, 0, length);
    return copy;
  }

  static Object get(Field field, Object owner) {
    try {
      return field.get(owner);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot read " + field, e);
    }
  }

  static void set(Field field, Object owner, Object value) {
    try {
      field.set(owner, value);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot write " + field, e);
    }
  }
}
