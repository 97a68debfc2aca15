package smartdm.sim;

/**
 * What the rewritten applet calls around its own stores and instead of some API methods. Static,
 * because byte code has to find it; one card lives in a process at a time.
 *
 * <p>Each store reads the old value first: null and bad indexes throw before anything is counted.
 */
public final class Hooks {
  private static Memory memory = new Memory(Memory.DEFAULT_CAPACITY, Algorithms.ALL);
  private static Throwable failure;
  private static boolean refused;

  private Hooks() {}

  static void use(Memory newMemory) {
    memory = newMemory;
    startApdu();
  }

  static Memory memory() {
    return memory;
  }

  /** What last left the applet by an exception, null if nothing did; then it is forgotten. */
  static Throwable takeFailure() {
    Throwable last = failure;
    failure = null;
    return last;
  }

  /** Something left the applet by an exception; a refusal before it tells more. */
  static void failed(Throwable thrown) {
    if (!refused) {
      failure = thrown;
    }
  }

  /** A new command: nothing was refused in it so far. */
  static void startApdu() {
    failure = null;
    refused = false;
  }

  /**
   * Whether {@link #refuse} was called in this command, even if the applet caught what it threw.
   */
  static boolean refused() {
    return refused;
  }

  /** The applet does what the simulated card cannot model. */
  static void refuse(String what) {
    SimError error = new SimError(what);
    failure = error;
    refused = true;
    throw error;
  }

  /** A call of a cryptographic method that computes. */
  static void computes() {
    memory.meter.computes();
  }

  /** What the API writes would be neither counted nor torn. */
  static void requireTransient(byte[] output, String call) {
    if (memory.arrays.number(output) != 0) {
      refuse(
          call + " shall write into a persistent array: only transient ones and the APDU buffer");
    }
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
}
