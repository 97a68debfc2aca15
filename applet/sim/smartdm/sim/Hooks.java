package smartdm.sim;

import javacard.security.RandomData;

/**
 * What the rewritten applet calls around its own stores and instead of some API methods. Static,
 * because byte code has to find it; one card lives in a process at a time.
 *
 * <p>Each store reads the old value first: null and bad indexes throw before anything is counted.
 */
public final class Hooks {
  private static Memory memory = new Memory(Memory.DEFAULT_CAPACITY);
  private static Throwable failure;

  private Hooks() {}

  static void use(Memory newMemory) {
    memory = newMemory;
    failure = null;
  }

  static Memory memory() {
    return memory;
  }

  /** What last left process() by an exception, null if nothing did. */
  static Throwable failure() {
    return failure;
  }

  /** As {@link #failure}; then it is forgotten. */
  static Throwable takeFailure() {
    Throwable last = failure;
    failure = null;
    return last;
  }

  /** Something is leaving process() by an exception. */
  public static void failed(Throwable thrown) {
    failure = thrown;
  }

  /** An object is about to be made, or asked from a factory of the API. */
  public static void allocated() {
    memory.meter.allocated();
  }

  /** An array was made: it is persistent from now on. */
  public static void created(Object array) {
    memory.meter.allocated();
    memory.arrays.add(array);
    if (array instanceof Object[]) {
      for (Object inner : (Object[]) array) {
        if (inner != null) { // MULTIANEWARRAY only: the rows of a fresh array
          created(inner);
        }
      }
    }
  }

  /** BASTORE, for byte and boolean arrays alike. */
  public static void storeByte(Object array, int index, int value) {
    if (array instanceof boolean[]) {
      storeBoolean((boolean[]) array, index, (value & 1) != 0);
      return;
    }
    byte[] bytes = (byte[]) array;
    bytes[index] = bytes[index];
    int number = memory.arrays.number(bytes);
    if (number == 0 || memory.plain(Meter.ELEMENT, 1, number, index)) {
      bytes[index] = (byte) value;
    } else {
      memory.careful(new Write.Bytes(bytes, index, new byte[] {(byte) value}));
    }
  }

  private static void storeBoolean(boolean[] array, int index, boolean value) {
    boolean before = array[index];
    int number = memory.arrays.number(array);
    if (number == 0 || memory.plain(Meter.ELEMENT, 1, number, index)) {
      array[index] = value;
    } else {
      memory.careful(new Write.Element(array, index, before, value));
    }
  }

  /** SASTORE. */
  public static void storeShort(short[] array, int index, int value) {
    short before = array[index];
    int number = memory.arrays.number(array);
    if (number == 0 || memory.plain(Meter.ELEMENT, 2, number, index)) {
      array[index] = (short) value;
    } else {
      memory.careful(new Write.Element(array, index, before, (short) value));
    }
  }

  /** IASTORE. */
  public static void storeInt(int[] array, int index, int value) {
    int before = array[index];
    int number = memory.arrays.number(array);
    if (number == 0 || memory.plain(Meter.ELEMENT, 4, number, index)) {
      array[index] = value;
    } else {
      memory.careful(new Write.Element(array, index, before, value));
    }
  }

  /** AASTORE; a reference counts as two bytes, as on most cards. */
  public static void storeReference(Object[] array, int index, Object value) {
    Object before = array[index];
    int number = memory.arrays.number(array);
    if (number == 0 || memory.plain(Meter.ELEMENT, 2, number, index)) {
      array[index] = value;
    } else {
      memory.careful(new Write.Element(array, index, before, value));
    }
  }

  /** Before the PUTFIELD of a number; {@code field} is {@code package.Class.field}. */
  public static void field(int value, Object owner, int before, int size, String field) {
    if (!memory.plain(Meter.FIELD, size, 0, 0)) {
      memory.careful(new Write.InField(owner, field, before, value));
    }
  }

  /** Before the PUTFIELD of a reference. */
  public static void field(Object value, Object owner, Object before, int size, String field) {
    if (!memory.plain(Meter.FIELD, size, 0, 0)) {
      memory.careful(new Write.InField(owner, field, before, value));
    }
  }

  /** Before the PUTSTATIC of a number. */
  public static void staticField(int value, int before, int size, String field) {
    if (!memory.plain(Meter.STATIC_FIELD, size, 0, 0)) {
      memory.careful(new Write.InField(null, field, before, value));
    }
  }

  /** Before the PUTSTATIC of a reference. */
  public static void staticField(Object value, Object before, int size, String field) {
    if (!memory.plain(Meter.STATIC_FIELD, size, 0, 0)) {
      memory.careful(new Write.InField(null, field, before, value));
    }
  }

  /** RandomData.getInstance. */
  public static RandomData random(byte algorithm) {
    memory.meter.allocated();
    return new SimRandom(algorithm);
  }
}
