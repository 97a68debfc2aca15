package smartdm.sim;

import java.lang.reflect.Array;
import java.lang.reflect.Field;

/** One atomic write that can be done and undone; made only inside transactions and at a cut. */
abstract class Write {
  abstract void apply();

  abstract void undo();

  /** A run of bytes. */
  static final class Bytes extends Write {
    private final byte[] array;
    private final int offset;
    private final byte[] before;
    private final byte[] after;

    Bytes(byte[] array, int offset, byte[] after) {
      this.array = array;
      this.offset = offset;
      this.after = after;
      before = new byte[after.length];
      System.arraycopy(array, offset, before, 0, before.length);
    }

    @Override
    void apply() {
      System.arraycopy(after, 0, array, offset, after.length);
    }

    @Override
    void undo() {
      System.arraycopy(before, 0, array, offset, before.length);
    }
  }

  /** An element of an array of any type. */
  static final class Element extends Write {
    private final Object array;
    private final int index;
    private final Object before;
    private final Object after;

    Element(Object array, int index, Object before, Object after) {
      this.array = array;
      this.index = index;
      this.before = before;
      this.after = after;
    }

    @Override
    void apply() {
      Array.set(array, index, after);
    }

    @Override
    void undo() {
      Array.set(array, index, before);
    }
  }

  /** A field, static when {@code owner} is null; {@code name} is {@code package.Class.field}. */
  static final class InField extends Write {
    private final Object owner;
    private final String name;
    private final Object before;
    private final Object after;

    InField(Object owner, String name, Object before, Object after) {
      this.owner = owner;
      this.name = name;
      this.before = before;
      this.after = after;
    }

    @Override
    void apply() {
      set(after);
    }

    @Override
    void undo() {
      set(before);
    }

    private void set(Object value) {
      try {
        Field field = find();
        Class<?> type = field.getType();
        if (type == byte.class) {
          field.setByte(owner, ((Integer) value).byteValue());
        } else if (type == short.class) {
          field.setShort(owner, ((Integer) value).shortValue());
        } else if (type == boolean.class) {
          field.setBoolean(owner, (Integer) value != 0);
        } else {
          field.set(owner, value);
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot write the field " + name, e);
      }
    }

    private Field find() throws ReflectiveOperationException {
      int dot = name.lastIndexOf('.');
      Class<?> type = Class.forName(name.substring(0, dot));
      while (type != null) {
        Field field = AppletClasses.declared(type, name.substring(dot + 1));
        if (field != null) {
          field.setAccessible(true);
          return field;
        }
        type = type.getSuperclass();
      }
      throw new NoSuchFieldException(name);
    }
  }
}
