package smartdm.sim;

import java.util.ArrayList;
import javacard.framework.TransactionException;

/**
 * The memory of one card: which arrays are persistent, the open transaction with its undo log, the
 * counters, and the armed power cut; beside it what is transient.
 *
 * <p>What a write means: a field, an element, {@code setShort}, {@code Util.arrayCopy} and a commit
 * happen or do not; only {@code arrayCopyNonAtomic} and {@code arrayFillNonAtomic} can be torn. The
 * non-atomic calls are not undone by an abort (Java Card API, class Util).
 */
final class Memory {
  static final int DEFAULT_CAPACITY = 384;

  final ArrayTable arrays = new ArrayTable();
  final Meter meter = new Meter();
  final Cut cut = new Cut();
  final Transients transients = new Transients(meter);
  final Algorithms algorithms;
  private final ArrayList<Write> log = new ArrayList<>();
  private int capacity;
  private int used;
  private boolean open;
  private boolean off;
  private boolean dirty;
  private int session;

  Memory(int capacity, Algorithms algorithms) {
    this.capacity = capacity;
    this.algorithms = algorithms;
  }

  /** Another number after each power-up: what the API's objects had in hand is gone. */
  int session() {
    return session;
  }

  void setCapacity(int bytes) {
    capacity = bytes;
  }

  int capacity() {
    return capacity;
  }

  int unused() {
    return capacity - used;
  }

  boolean inTransaction() {
    return open;
  }

  boolean isOff() {
    return off;
  }

  /** True once after anything was written. */
  boolean takeDirty() {
    boolean was = dirty;
    dirty = false;
    return was;
  }

  void markDirty() {
    dirty = true;
  }

  /** Power comes back: what was open is rolled back. */
  void powerUp() {
    rollBack();
    off = false;
    session++;
  }

  /**
   * Counts an atomic write that is about to happen.
   *
   * @return true when the caller simply does it; false when it must go through {@link #careful}
   */
  boolean plain(int kind, int length, int array, int offset) {
    requirePower();
    if (length > capacity - used) {
      TransactionException.throwIt(TransactionException.BUFFER_FULL);
    }
    if (open) {
      used += length;
    }
    meter.write(open ? kind | Meter.CONDITIONAL : kind, length, array, offset);
    dirty = true;
    if (cut.tick()) {
      off = true;
    }
    return !open && !off;
  }

  /** Does an atomic write inside a transaction, or at the cut. */
  void careful(Write write) {
    if (open) {
      log.add(write);
    }
    if (!off) {
      write.apply();
      return;
    }
    if (cut.happens()) {
      write.apply();
    }
    lose();
  }

  /** Does a non-atomic write of {@code data}. */
  void nonAtomic(int kind, byte[] data, byte[] target, int offset, int number) {
    requirePower();
    meter.write(kind, data.length, number, offset);
    dirty = true;
    if (cut.tick()) {
      cut.tear(data, target, offset);
      lose();
    }
    System.arraycopy(data, 0, target, offset, data.length);
  }

  void begin() {
    if (open) {
      TransactionException.throwIt(TransactionException.IN_PROGRESS);
    }
    open = true;
  }

  void commit() {
    requireOpen();
    requirePower();
    if (!log.isEmpty()) {
      meter.write(Meter.COMMIT, used, 0, 0);
      if (cut.tick()) {
        if (cut.happens()) {
          close();
        }
        lose();
      }
    }
    close();
  }

  void abort() {
    requireOpen();
    rollBack();
  }

  /** Undoes whatever transaction is open; nothing when none is. */
  void rollBack() {
    for (int i = log.size() - 1; i >= 0; i--) {
      log.get(i).undo();
    }
    close();
  }

  private void close() {
    log.clear();
    used = 0;
    open = false;
  }

  /** The roll-back of the next power-up is done at once: nobody can look in between. */
  private void lose() {
    off = true;
    rollBack();
    throw PowerLoss.INSTANCE;
  }

  private void requireOpen() {
    if (!open) {
      TransactionException.throwIt(TransactionException.NOT_IN_PROGRESS);
    }
  }

  /** Handlers of the applet may still run while the loss of power unwinds: they change nothing. */
  private void requirePower() {
    if (off) {
      throw PowerLoss.INSTANCE;
    }
  }
}
