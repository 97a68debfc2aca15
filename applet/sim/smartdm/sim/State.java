package smartdm.sim;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import javacard.framework.Applet;
import javacard.framework.OwnerPIN;
import javacard.security.Key;

/**
 * The persistent state of the installed applets as bytes and back.
 *
 * <p>The objects are those that were reachable right after install, numbered in the order of a walk
 * over fields by name: two installations with the same parameters number them alike, so a reference
 * is written as a number. Objects made later have none and cannot be kept. Objects of the API are
 * numbered like all others, but nothing of them is kept: after a power-up there is nothing in them.
 */
final class State {
  private final AppletClasses classes;
  private final Memory memory;
  private final List<Object> objects = new ArrayList<>();
  private final Map<Object, Integer> numbers = new IdentityHashMap<>();

  State(AppletClasses classes, Memory memory, List<Applet> applets) {
    this.classes = classes;
    this.memory = memory;
    for (Applet applet : applets) {
      visit(applet);
    }
    for (Field field : classes.statics()) {
      if (!field.getType().isPrimitive()) {
        visit(AppletClasses.get(field, null));
      }
    }
    for (int i = 0; i < objects.size(); i++) { // grows while it is walked
      visitContents(objects.get(i));
    }
  }

  private void visit(Object object) {
    if (object != null && !numbers.containsKey(object)) {
      numbers.put(object, objects.size());
      objects.add(object);
    }
  }

  private void visitContents(Object object) {
    if (object instanceof Object[] && holds(object)) {
      for (Object element : (Object[]) object) {
        visit(element);
      }
    }
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      Field[] fields = classes.fields(type);
      for (int i = 0; fields != null && i < fields.length; i++) {
        if (!fields[i].getType().isPrimitive()) {
          visit(AppletClasses.get(fields[i], object));
        }
      }
    }
  }

  /** Whether this is a persistent array; transient ones come back empty. */
  private boolean holds(Object object) {
    return memory.arrays.number(object) != 0;
  }

  byte[] save() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      out.writeInt(objects.size());
      for (Object object : objects) {
        save(object, out);
      }
      for (Field field : classes.statics()) {
        saveValue(AppletClasses.get(field, null), out);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory refused bytes", e);
    }
    return bytes.toByteArray();
  }

  private void save(Object object, DataOutputStream out) throws IOException {
    boolean transientKey = object instanceof SimKey key && key.isTransient();
    if (object instanceof Key && !transientKey || object instanceof OwnerPIN) {
      throw new SimError("the state of persistent key and PIN objects cannot be kept");
    }
    if (holds(object)) {
      int length = Array.getLength(object);
      out.writeInt(length);
      if (object instanceof byte[]) {
        out.write((byte[]) object);
        return;
      }
      for (int i = 0; i < length; i++) {
        saveValue(Array.get(object, i), out);
      }
    }
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      Field[] fields = classes.fields(type);
      for (int i = 0; fields != null && i < fields.length; i++) {
        saveValue(AppletClasses.get(fields[i], object), out);
      }
    }
  }

  /** Numbers, booleans and references all take four bytes; a reference is its number + 1. */
  private void saveValue(Object value, DataOutputStream out) throws IOException {
    if (value instanceof Boolean) {
      out.writeInt((Boolean) value ? 1 : 0);
    } else if (value instanceof Number) {
      out.writeInt(((Number) value).intValue());
    } else if (value == null) {
      out.writeInt(0);
    } else {
      Integer number = numbers.get(value);
      if (number == null) {
        throw new SimError(
            "the applet keeps an object made after install ("
                + value.getClass().getSimpleName()
                + "); such a state cannot be kept");
      }
      out.writeInt(number + 1);
    }
  }

  /** Overwrites the state; {@code bytes} must come from an equal installation. */
  void load(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      require(in.getInt() == objects.size());
      for (Object object : objects) {
        load(object, in);
      }
      for (Field field : classes.statics()) {
        loadField(field, null, in.getInt());
      }
      require(!in.hasRemaining());
    } catch (BufferUnderflowException e) {
      require(false);
    }
  }

  private void load(Object object, ByteBuffer in) {
    if (holds(object)) {
      int length = Array.getLength(object);
      require(in.getInt() == length);
      if (object instanceof byte[]) {
        in.get((byte[]) object);
        return;
      }
      Class<?> type = object.getClass().getComponentType();
      for (int i = 0; i < length; i++) {
        Array.set(object, i, value(type, in.getInt()));
      }
    }
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      Field[] fields = classes.fields(type);
      for (int i = 0; fields != null && i < fields.length; i++) {
        loadField(fields[i], object, in.getInt());
      }
    }
  }

  private void loadField(Field field, Object owner, int raw) {
    boolean constant = owner == null && Modifier.isFinal(field.getModifiers());
    if (!constant) {
      AppletClasses.set(field, owner, value(field.getType(), raw));
    }
  }

  private Object value(Class<?> type, int raw) {
    if (type == byte.class) {
      return (byte) raw;
    } else if (type == short.class) {
      return (short) raw;
    } else if (type == boolean.class) {
      return raw != 0;
    } else if (type == int.class) {
      return raw;
    }
    require(raw >= 0 && raw <= objects.size());
    return raw == 0 ? null : objects.get(raw - 1);
  }

  private static void require(boolean fits) {
    if (!fits) {
      throw new SimError("the saved state does not fit the applet: its layout has changed");
    }
  }
}
