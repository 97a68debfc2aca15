package smartdm.sim;

import java.util.Arrays;
import javacard.framework.Util;

/**
 * The methods of javacard.framework.Util that write, as the rewritten applet calls them. Arrays
 * that are not persistent, empty ranges and bad arguments go to the API itself.
 */
public final class UtilHooks {
  private UtilHooks() {}

  /** Util.arrayCopy: atomic on persistent memory. */
  public static short arrayCopy(byte[] src, short srcOff, byte[] dest, short destOff, short len) {
    int number = inside(src, srcOff, len) ? persistent(dest, destOff, len) : 0;
    if (number == 0) {
      return Util.arrayCopy(src, srcOff, dest, destOff, len);
    }
    Memory memory = Hooks.memory();
    if (memory.plain(Meter.ARRAY_COPY, len, number, destOff)) {
      System.arraycopy(src, srcOff, dest, destOff, len);
    } else {
      byte[] data = Arrays.copyOfRange(src, srcOff, srcOff + len);
      memory.careful(new Write.Bytes(dest, destOff, data));
    }
    return (short) (destOff + len);
  }

  /** Util.arrayCopyNonAtomic: can be torn, is not undone by an abort. */
  public static short arrayCopyNonAtomic(
      byte[] src, short srcOff, byte[] dest, short destOff, short len) {
    int number = inside(src, srcOff, len) ? persistent(dest, destOff, len) : 0;
    if (number == 0) {
      return Util.arrayCopyNonAtomic(src, srcOff, dest, destOff, len);
    }
    byte[] data = Arrays.copyOfRange(src, srcOff, srcOff + len);
    Hooks.memory().nonAtomic(Meter.COPY_NON_ATOMIC, data, dest, destOff, number);
    return (short) (destOff + len);
  }

  /** Util.arrayFillNonAtomic: can be torn, is not undone by an abort. */
  public static short arrayFillNonAtomic(byte[] dest, short destOff, short len, byte value) {
    int number = persistent(dest, destOff, len);
    if (number == 0) {
      return Util.arrayFillNonAtomic(dest, destOff, len, value);
    }
    byte[] data = new byte[len];
    Arrays.fill(data, value);
    Hooks.memory().nonAtomic(Meter.FILL_NON_ATOMIC, data, dest, destOff, number);
    return (short) (destOff + len);
  }

  /** Util.setShort: two bytes, atomic as the API says. */
  public static short setShort(byte[] dest, short destOff, short value) {
    int number = persistent(dest, destOff, (short) 2);
    if (number == 0) {
      return Util.setShort(dest, destOff, value);
    }
    Memory memory = Hooks.memory();
    if (memory.plain(Meter.SET_SHORT, 2, number, destOff)) {
      return Util.setShort(dest, destOff, value);
    }
    byte[] data = {(byte) (value >> 8), (byte) value};
    memory.careful(new Write.Bytes(dest, destOff, data));
    return (short) (destOff + 2);
  }

  /**
   * The allocation number of a persistent target; 0 when the API itself shall do (or refuse) it.
   */
  private static int persistent(byte[] dest, short destOff, short len) {
    return len > 0 && inside(dest, destOff, len) ? Hooks.memory().arrays.number(dest) : 0;
  }

  private static boolean inside(byte[] array, short off, short len) {
    return array != null && off >= 0 && len >= 0 && off + len <= array.length;
  }
}
