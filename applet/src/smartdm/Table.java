package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 4: the state of the store: the superblock, whose copy is the one atomic commit, and the
 * table of node ids that it governs.
 *
 * <p>A few superblock slots are written in turn; the highest commit number with a good CRC is the
 * state, and what cannot be reached from it is garbage. The bytes between the page bits and the CRC
 * are kept for the ledger. Bytes reachable from the newest superblock are written by nobody before
 * the next commit: the bitmap holds them, and of each table page only the other slot is written.
 *
 * <p>The table leads from a node id to a record, in pages with two slots each. The superblock says
 * which slot of a page counts. A batch edits one page at a time in RAM and writes it to the slot
 * that does not count; so a reset forgets the batch. An entry is the record's granule + 1, 0 =
 * free.
 */
abstract class Table extends Heap {
  private static final short STRIDE_SHIFT = (short) 7;
  private static final short STRIDE = (short) 128;
  // Offsets: commit number 4, generation 3, 2 unused, page bits 2, tags, ledger, CRC 2.
  private static final short COMMIT_LAST = (short) 3;
  private static final short GENERATION = (short) 4;
  private static final short PAGES = (short) 9;
  private static final short TAGS = (short) 11;
  private static final short TAGS_LEN = (short) (3 * TAG_LEN);
  private static final short KEPT_LEDGER = (short) (TAGS + TAGS_LEN);
  private static final short CRC = (short) 94;
  private static final short BLOCK_LEN = (short) 96;

  private final byte[] slots;
  private final byte[] pages;

  Table(byte[] buf, short at, short end) {
    super(buf, at, end);
    // 4 slots in the small profile, 8 in the default one.
    slots = new byte[(short) (16 << pageShift)];
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
    short at = 0;
    do {
      // Valid slots hold the last few commits, so the low byte of their numbers orders them.
      // A block and its CRC have the CRC 0.
      if (crc(slots, at, BLOCK_LEN) == 0
          && (newest < 0
              || (byte) (slots[(short) (at + COMMIT_LAST)] - slots[(short) (newest + COMMIT_LAST)])
                  > 0)) {
        newest = at;
      }
      at = (short) (at + STRIDE);
    } while (at < (short) slots.length);
    if (newest < 0) {
      ISOException.throwIt(Wire.SW_STORE_DAMAGED);
    }
    use(newest);
  }

  /**
   * Make what was written the state: one atomic write.
   *
   * @param raise whether the tree changed (else only records moved)
   */
  final void commit(boolean raise) {
    spill();
    if (words[TOUCHED] != 0) {
      if (raise) {
        // Of a secret that was staged and is now kept, nothing need be overwritten.
        next[SCRUB] &= FREED;
      }
      publish(raise, words[TOUCHED]);
      zero(PAGE, TOUCHED);
    }
  }

  /** Commit a byte of the ledger alone; a batch that is open stays so. */
  final void note(short at, short value) {
    next[at] = (byte) value;
    publish(false, (short) 0);
  }

  private void publish(boolean raise, short touched) {
    flush();
    final byte[] block = staging;
    Util.arrayCopyNonAtomic(slots, (short) (words[SLOT] - 1), block, (short) 0, BLOCK_LEN);
    increment(block, (short) 0, COMMIT_LAST);
    if (raise) {
      Util.arrayCopyNonAtomic(next, (short) 0, block, GENERATION, GENERATION_LEN);
      words[NEED] = (short) 0;
      if ((words[OPTIONS] & Wire.OPT_TAG) != 0) {
        tag(block);
      }
    }
    Util.arrayCopyNonAtomic(next, LEDGER, block, KEPT_LEDGER, LEDGER_LEN);
    Util.setShort(block, PAGES, (short) (words[PAGE_BITS] ^ touched));
    Util.setShort(block, CRC, crc(block, (short) 0, CRC));
    final short at =
        (short) ((short) (block[COMMIT_LAST] << STRIDE_SHIFT) & (short) (slots.length - 1));
    Util.arrayCopy(block, (short) 0, slots, at, BLOCK_LEN);
    use(at);
  }

  // The latest first; a host has one tag, and the oldest makes way.
  private void tag(byte[] block) {
    short at = TAGS;
    while (at < (short) (TAGS + TAGS_LEN - TAG_LEN)
        && Util.arrayCompare(block, at, next, TAG, (short) (TAG_LEN / 2)) != 0) {
      at = (short) (at + TAG_LEN);
    }
    Util.arrayCopyNonAtomic(block, TAGS, block, (short) (TAGS + TAG_LEN), (short) (at - TAGS));
    Util.arrayCopyNonAtomic(next, TAG, block, TAGS, TAG_LEN);
  }

  /** Copy the tags; returns the offset behind them. */
  final short tags(byte[] dst, short off) {
    return Util.arrayCopyNonAtomic(slots, (short) (words[SLOT] + (TAGS - 1)), dst, off, TAGS_LEN);
  }

  /** Copy the generation of the tree; returns the offset behind it. */
  final short generation(byte[] dst, short off) {
    return Util.arrayCopyNonAtomic(
        slots, (short) (words[SLOT] + (GENERATION - 1)), dst, off, GENERATION_LEN);
  }

  /** Take a slot for the state. */
  final void use(short at) {
    words[SLOT] = (short) (at + 1);
    words[PAGE_BITS] = Util.getShort(slots, (short) (at + PAGES));
    generation(next, (short) 0);
    increment(next, (short) 0, (short) (GENERATION_LEN - 1));
    Util.arrayCopyNonAtomic(slots, (short) (at + KEPT_LEDGER), next, LEDGER, LEDGER_LEN);
  }

  /** Add one to a number of several bytes. */
  static final void increment(byte[] buf, short first, short last) {
    while (last >= first && ++buf[last] == 0) {
      last--;
    }
  }

  // CRC-16 CCITT, a byte at a time; the start value makes an erased slot invalid.
  private static short crc(byte[] buf, short off, short len) {
    short crc = (short) -1;
    while (--len >= 0) {
      short x = (short) ((short) ((short) (crc >> 8) ^ buf[off++]) & 0xFF);
      x ^= (short) (x >> 4);
      crc = (short) (crc << 8 ^ x << 12 ^ x << 5 ^ x);
    }
    return crc;
  }

  /** The entry of a node: of the committed tree, or as the batch sees it. */
  final short entry(short id, boolean committed) {
    final short number = (short) (id >> pageShift);
    short sides = words[PAGE_BITS];
    if (!committed) {
      if (words[PAGE] == (short) (number + 1)) {
        return Util.getShort(page, within(id));
      }
      sides ^= words[TOUCHED];
    }
    return Util.getShort(pages, (short) (pageAt(number, sides) + within(id)));
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
        Memory.refuse((byte) Wire.SW_NO_NODE_LEFT);
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
          pageAt(number, (short) (words[PAGE_BITS] ^ words[TOUCHED])),
          page,
          (short) 0,
          (short) page.length);
      words[PAGE] = (short) (number + 1);
    }
    Util.setShort(page, within(id), entry);
  }

  /** Write the page in RAM to its slot: one persistent write. */
  private void spill() {
    final short[] w = words;
    if (w[PAGE] != 0) {
      final short number = (short) (w[PAGE] - 1);
      final short at = pageAt(number, (short) ~w[PAGE_BITS]);
      Util.arrayCopyNonAtomic(page, (short) 0, pages, at, (short) page.length);
      w[TOUCHED] |= (short) (1 << number);
    }
  }

  // Where the slot of a page lies that its bit in a word of sides names.
  private short pageAt(short number, short sides) {
    return (short)
        ((short) (2 * number + ((short) (sides >> number) & 1)) << (short) (pageShift + 1));
  }

  private short within(short id) {
    return (short) ((short) (id << 1) & (short) (page.length - 1));
  }
}
