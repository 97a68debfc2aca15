package smartdm;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 3: the state of the store: the superblock, whose copy is the one atomic commit, and the
 * table of node ids that it governs.
 *
 * <p>A few superblock slots are written in turn; the highest commit number with a good CRC is the
 * state, and what cannot be reached from it is garbage. The bytes between the page bits and the CRC
 * are kept for the ledger.
 *
 * <p>The table leads from a node id to a record, in pages with two slots each. The superblock says
 * which slot of a page counts. A batch edits one page at a time in RAM and writes it to the slot
 * that does not count; so a reset forgets the batch. An entry is the record's granule + 1, 0 =
 * free.
 */
abstract class Table extends Heap {
  private static final short STRIDE_SHIFT = (short) 7;
  private static final short STRIDE = (short) 128;
  // Offsets: commit number 4, generation 3, 2 unused, page bits 2, ledger, CRC 2.
  private static final short COMMIT_LAST = (short) 3;
  private static final short GENERATION = (short) 4;
  private static final short PAGES = (short) 9;
  private static final short CRC = (short) 94;
  private static final short BLOCK_LEN = (short) 96;

  private final byte[] slots;
  private final byte[] pages;

  Table(byte[] buf, short at, short end) {
    super(buf, at, end);
    slots = new byte[(short) ((slotMask + 1) << STRIDE_SHIFT)];
    pages =
        new byte[pageAt((short) ((short) ((short) (nodeLimit - 1) >> pageShift) + 1), (short) 0)];
    // Slot 0 is "in use" and empty: the first commit writes slot 1.
    use((short) 0);
  }

  /** Find the newest valid slot after a reset. */
  final void load() {
    if (words[SLOT] != 0) {
      return;
    }
    short newest = NONE;
    for (short at = 0; at < (short) slots.length; at = (short) (at + STRIDE)) {
      // Valid slots hold the last few commits, so the low byte of their numbers orders them.
      if (crc(slots, at) == Util.getShort(slots, (short) (at + CRC))
          && (newest < 0
              || (byte) (slots[(short) (at + COMMIT_LAST)] - slots[(short) (newest + COMMIT_LAST)])
                  > 0)) {
        newest = at;
      }
    }
    if (newest < 0) {
      ISOException.throwIt(Wire.SW_STORE_DAMAGED);
    }
    use(newest);
  }

  /**
   * Commit: one atomic write makes all that was written since the last one the state.
   *
   * @param raise whether the tree changed (else only records moved)
   */
  final void commitBlock(boolean raise) {
    final byte[] block = staging;
    Util.arrayCopyNonAtomic(slots, slot(), block, (short) 0, BLOCK_LEN);
    increment(block, COMMIT_LAST);
    if (raise) {
      Util.arrayCopyNonAtomic(next, (short) 0, block, GENERATION, GENERATION_LEN);
      words[NEED] = (short) 0;
    }
    Util.setShort(block, PAGES, (short) (words[PAGE_BITS] ^ words[TOUCHED]));
    Util.setShort(block, CRC, crc(block, (short) 0));
    final short at = (short) ((short) (block[COMMIT_LAST] & slotMask) << STRIDE_SHIFT);
    Util.arrayCopy(block, (short) 0, slots, at, BLOCK_LEN);
    use(at);
  }

  /** Copy the generation of the tree; returns the offset behind it. */
  final short generation(byte[] dst, short off) {
    return Util.arrayCopyNonAtomic(slots, (short) (slot() + GENERATION), dst, off, GENERATION_LEN);
  }

  private short slot() {
    return (short) (words[SLOT] - 1);
  }

  private void use(short at) {
    words[SLOT] = (short) (at + 1);
    words[PAGE_BITS] = Util.getShort(slots, (short) (at + PAGES));
    generation(next, (short) 0);
    increment(next, (short) (GENERATION_LEN - 1));
  }

  private static void increment(byte[] buf, short last) {
    while (last >= 0 && ++buf[last] == 0) {
      last--;
    }
  }

  // CRC-16 CCITT, a byte at a time; the start value makes an erased slot invalid.
  private static short crc(byte[] buf, short off) {
    final short end = (short) (off + CRC);
    short crc = (short) -1;
    for (; off < end; off++) {
      short x = (short) ((short) ((short) (crc >> 8) ^ buf[off]) & 0xFF);
      x ^= (short) (x >> 4);
      crc = (short) (crc << 8 ^ x << 12 ^ x << 5 ^ x);
    }
    return crc;
  }

  /** The entry of a node: of the committed tree, or as the batch sees it. */
  final short entry(short id, boolean committed) {
    final short number = (short) (id >> pageShift);
    if (!committed && words[PAGE] == (short) (number + 1)) {
      return Util.getShort(page, within(id));
    }
    short side = bit(PAGE_BITS, number);
    if (!committed) {
      side ^= bit(TOUCHED, number);
    }
    return Util.getShort(pages, (short) (pageAt(number, side) + within(id)));
  }

  /** Granule of a node's record. */
  final short granule(short id) {
    final short granule = (short) (entry(id, false) - 1);
    if (granule < 0) {
      ISOException.throwIt(Wire.SW_STORE_DAMAGED);
    }
    return granule;
  }

  /** The first free id behind an id. */
  final short freeId(short id) {
    do {
      if (++id >= nodeLimit) {
        ISOException.throwIt(Wire.SW_NO_NODE_LEFT);
      }
    } while (entry(id, false) != 0);
    return id;
  }

  /** Change an entry of the batch. */
  final void setEntry(short id, short entry) {
    final short number = (short) (id >> pageShift);
    if (words[PAGE] != (short) (number + 1)) {
      spill();
      Util.arrayCopyNonAtomic(
          pages,
          pageAt(number, (short) (bit(PAGE_BITS, number) ^ bit(TOUCHED, number))),
          page,
          (short) 0,
          (short) page.length);
      words[PAGE] = (short) (number + 1);
    }
    Util.setShort(page, within(id), entry);
    words[PAGE_DIRTY] = (short) 1;
  }

  /** Write the page in RAM to its slot: one persistent write. */
  final void spill() {
    final short[] w = words;
    if (w[PAGE_DIRTY] != 0) {
      final short number = (short) (w[PAGE] - 1);
      final short other = (short) (bit(PAGE_BITS, number) ^ 1);
      Util.arrayCopyNonAtomic(page, (short) 0, pages, pageAt(number, other), (short) page.length);
      w[TOUCHED] |= (short) (1 << number);
      w[PAGE_DIRTY] = (short) 0;
    }
  }

  private short bit(short word, short number) {
    return (short) ((short) (words[word] >> number) & 1);
  }

  private short pageAt(short number, short side) {
    return (short) ((short) (2 * number + side) << (pageShift + 1));
  }

  private short within(short id) {
    return (short) ((short) (id << 1) & (short) (page.length - 1));
  }
}
