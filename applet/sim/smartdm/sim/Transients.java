package smartdm.sim;

import com.licel.jcardsim.base.TransientMemory;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import javacard.framework.JCSystem;
import javacard.framework.SystemException;

/** The transient arrays and keys of one card: what clears them, and what they still hold. */
final class Transients extends TransientMemory {
  private final Meter meter;
  private final List<Object> arrays = new ArrayList<>();
  private final List<SimKey> keys = new ArrayList<>();

  /** Bytes of arrays: CLEAR_ON_RESET, CLEAR_ON_DESELECT. */
  private final int[] bytes = new int[2];

  Transients(Meter meter) {
    this.meter = meter;
  }

  /**
   * jCardSim made an array, for the applet or for a call of the API. The latter is not kept: it is
   * not the applet's, and there is a new one for each use of a cipher.
   */
  @Override
  protected void storeArray(Object array, byte event) {
    if (event != JCSystem.CLEAR_ON_RESET && event != JCSystem.CLEAR_ON_DESELECT) {
      SystemException.throwIt(SystemException.ILLEGAL_VALUE);
    }
  }

  /** The applet made an array: an allocation too, and it takes of a memory that is small. */
  void keep(Object array, byte event) {
    super.storeArray(array, event);
    meter.allocated();
    arrays.add(array);
    bytes[event == JCSystem.CLEAR_ON_DESELECT ? 1 : 0] += size(array);
  }

  /** The applet made a transient key. */
  void keep(SimKey key) {
    keys.add(key);
  }

  /** Bytes on a card: a boolean takes one, a reference two. */
  private static int size(Object array) {
    int width = array instanceof byte[] || array instanceof boolean[] ? 1 : 2;
    return Array.getLength(array) * width;
  }

  /** The last applet of the package was deselected. */
  @Override
  protected void clearOnDeselect() {
    super.clearOnDeselect();
    for (SimKey key : keys) {
      if (key.event() == JCSystem.CLEAR_ON_DESELECT) {
        key.wipe();
      }
    }
  }

  /** Power went: nothing is left. */
  @Override
  protected void clearOnReset() {
    super.clearOnReset();
    for (SimKey key : keys) {
      key.wipe();
    }
  }

  /** What the applet's arrays take of transient memory, 4 bytes for each event. */
  byte[] bytes() {
    return ByteBuffer.allocate(8).putInt(bytes[0]).putInt(bytes[1]).array();
  }

  /**
   * What is left in transient memory: for each array its elements and those not zero, 2 bytes each.
   */
  byte[] residue() {
    ByteBuffer out = ByteBuffer.allocate(4 * arrays.size());
    for (Object array : arrays) {
      int left = 0;
      for (int i = 0; i < Array.getLength(array); i++) {
        Object element = Array.get(array, i);
        boolean zero =
            element == null
                || Boolean.FALSE.equals(element)
                || element instanceof Number number && number.intValue() == 0;
        left += zero ? 0 : 1;
      }
      out.putShort((short) Array.getLength(array)).putShort((short) left);
    }
    return out.array();
  }

  /**
   * For each transient key its length in bytes 2, how many of them it holds 2 (none or all), and
   * the check value of an AES key 3; zeros where there is none.
   */
  byte[] keyResidue() {
    ByteBuffer out = ByteBuffer.allocate(7 * keys.size());
    for (SimKey key : keys) {
      int length = key.getSize() / 8;
      out.putShort((short) length).putShort((short) (key.isInitialized() ? length : 0));
      out.put(key.checkValue());
    }
    return out.array();
  }
}
