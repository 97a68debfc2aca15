package smartdm.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Counts what the applet does: writes to persistent memory, allocations, cryptography. Three views
 * are kept: the last APDU, since the counters were last read, and since the card was made.
 */
final class Meter {
  /** Kinds of a write, as WRITES answers them. */
  static final int ELEMENT = 1;

  static final int FIELD = 2;
  static final int STATIC_FIELD = 3;
  static final int ARRAY_COPY = 4;
  static final int SET_SHORT = 5;
  static final int COPY_NON_ATOMIC = 6;
  static final int FILL_NON_ATOMIC = 7;
  static final int COMMIT = 8;

  /** Bit of a kind: an atomic write inside a transaction; it takes effect at the commit. */
  static final int CONDITIONAL = 0x80;

  private static final int VIEWS = 3;
  private static final int LAST_APDU = 0;
  private static final int SINCE_READ = 1;

  private static final int WRITES = 0;
  private static final int BYTES = 1;
  private static final int LARGEST = 2;
  private static final int ALLOCATIONS = 3;
  private static final int APDUS = 4;
  private static final int POINTS = 5;
  private static final int COMPUTATIONS = 6;
  private static final int FIGURES = 7;

  private static final int ENTRY = 4;

  /** More writes of one APDU are counted but not listed. */
  private static final int MAX_ENTRIES = 1 << 16;

  private final int[][] views = new int[VIEWS][FIGURES];
  private int[] entries = new int[64 * ENTRY];
  private int entryCount;

  /** A new APDU begins. */
  void startApdu() {
    Arrays.fill(views[LAST_APDU], 0);
    entryCount = 0;
    for (int[] view : views) {
      view[APDUS]++;
    }
  }

  /** Forgets everything: the installation is over. */
  void reset() {
    for (int[] view : views) {
      Arrays.fill(view, 0);
    }
    entryCount = 0;
  }

  /** One allocation by the applet. */
  void allocated() {
    for (int[] view : views) {
      view[ALLOCATIONS]++;
    }
  }

  /** One call of a cryptographic method that computes. */
  void computes() {
    for (int[] view : views) {
      view[COMPUTATIONS]++;
    }
  }

  /**
   * One write. A conditional one is a point where power can be cut, but no persistent write of its
   * own: the transaction is one, counted at its commit.
   */
  void write(int kind, int length, int array, int offset) {
    boolean counts = (kind & CONDITIONAL) == 0;
    boolean atomic = kind != COPY_NON_ATOMIC && kind != FILL_NON_ATOMIC;
    for (int[] view : views) {
      view[POINTS]++;
      if (counts) {
        view[WRITES]++;
        view[BYTES] += length;
        if (atomic && length > view[LARGEST]) {
          view[LARGEST] = length;
        }
      }
    }
    enter(kind, length, array, offset);
  }

  private void enter(int kind, int length, int array, int offset) {
    if (entryCount == MAX_ENTRIES) {
      return;
    }
    int at = entryCount * ENTRY;
    if (at == entries.length) {
      entries = Arrays.copyOf(entries, 2 * entries.length);
    }
    entries[at] = kind;
    entries[at + 1] = length;
    entries[at + 2] = array;
    entries[at + 3] = offset;
    entryCount++;
  }

  /** All views, seven counters of 4 bytes each; the second view starts again from zero. */
  byte[] read() {
    ByteBuffer out = ByteBuffer.allocate(VIEWS * FIGURES * 4);
    for (int[] view : views) {
      for (int figure : view) {
        out.putInt(figure);
      }
    }
    Arrays.fill(views[SINCE_READ], 0);
    return out.array();
  }

  /** The writes of the last APDU in order: kind 1, length 2, array 4, offset 4 each. */
  byte[] lastWrites() {
    ByteBuffer out = ByteBuffer.allocate(entryCount * 11);
    for (int at = 0; at < entryCount * ENTRY; at += ENTRY) {
      out.put((byte) entries[at]);
      out.putShort((short) entries[at + 1]);
      out.putInt(entries[at + 2]).putInt(entries[at + 3]);
    }
    return out.array();
  }
}
