package smartdm;

import javacard.framework.Applet;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;

/**
 * Level 1: the sizes that the install parameters fix for good, and all transient state.
 *
 * <p>What the store works with is CLEAR_ON_RESET: a reset forgets a batch, which is what a power
 * cut does. Who is asking is CLEAR_ON_DESELECT. Zero always means "nothing open, nothing known",
 * because that is what a reset leaves.
 */
abstract class Memory extends Applet {
  // --- words; those that are used most come first, because their numbers take one byte of code ---
  // The first ten are what abort() forgets.
  // Heap: bytes staged in the run.
  static final short RUN_LEN = (short) 0;
  // Tree: id of the node that resolve() found.
  static final short FOUND = (short) 1;
  // Input: next byte of the part in the APDU buffer.
  static final short AT = (short) 2;
  // Walk: level of the top of the stack.
  static final short TOP = (short) 3;
  // Batch: number of the next part, 0 = no batch is open, -1 = no part will do.
  static final short PART = (short) 4;
  // Answer: whether one is being read.
  static final short ANSWER = (short) 5;
  // Id table: page in RAM + 1 (0 = none), whether it differs from its slot, pages written in this
  // batch.
  static final short PAGE = (short) 6;
  static final short PAGE_DIRTY = (short) 7;
  static final short TOUCHED = (short) 8;
  // Heap: bitmap valid.
  static final short MAP_VALID = (short) 9;
  // Heap, zero after a rebuild: freed records of the committed tree still marked, granule behind
  // the
  // last record taken + 1 (0 = none), nodes in the tree.
  static final short MAP_STALE = (short) 10;
  static final short NEXT = (short) 11;
  static final short NODES = (short) 12;
  // Heap: free granules, granules for which no hole was found.
  static final short FREE = (short) 13;
  static final short NEED = (short) 14;
  // Superblock: slot in use + 1 (0 = not looked up yet), page bits.
  static final short SLOT = (short) 15;
  static final short PAGE_BITS = (short) 16;
  // Heap: the run being staged: segment, byte offset of what is staged, and of the run's start.
  static final short RUN_SEG = (short) 17;
  static final short RUN_OFF = (short) 18;
  static final short RUN_BASE = (short) 19;
  // Walk: levels wanted, bytes of the path from its start, id of the node.
  static final short LEVELS = (short) 20;
  static final short PATH = (short) 21;
  static final short WALK_ID = (short) 22;
  // Tree: what resolve() found: parent's id, place among its children, depth, bytes of the URI
  // with a '/' behind it.
  static final short FOUND_PARENT = (short) 23;
  static final short FOUND_PLACE = (short) 24;
  static final short FOUND_DEPTH = (short) 25;
  static final short FOUND_PATH = (short) 26;
  // Input: end of the part in the APDU buffer.
  static final short END = (short) 27;
  // Batch, zero when one begins: flags of OPTIONS (0 = not seen), commands begun, value bytes to
  // come, nodes of an ADD to come, id of the root of the subtree being added, id of the last node
  // written, nodes to answer with.
  static final short OPTIONS = (short) 28;
  static final short INDEX = (short) 29;
  static final short VALUE_LEFT = (short) 30;
  static final short NODES_LEFT = (short) 31;
  static final short ROOT_ID = (short) 32;
  static final short LAST_ID = (short) 33;
  static final short LIST_LEN = (short) 34;
  // Batch: last id promised to a child by an ADD.
  static final short LAST_PROMISED = (short) 35;
  // Answer: low byte of the generation and part number, bytes of the item already sent, next
  // entry of the list; then the list: id, levels.
  static final short CURSOR = (short) 36;
  static final short ITEM_OFF = (short) 37;
  static final short LIST_AT = (short) 38;
  static final short LIST = (short) 39;
  // Store: the record looked at: offsets behind its name, Type and texts, of its tail, behind it;
  // Format, number of children, kind, meta.
  static final short NAME_END = (short) (LIST + 2 * Wire.LIMIT_GETS);
  static final short TYPE_END = (short) (NAME_END + 1);
  static final short TEXTS_END = (short) (NAME_END + 2);
  static final short TAIL = (short) (NAME_END + 3);
  static final short LEN = (short) (NAME_END + 4);
  static final short FORMAT = (short) (NAME_END + 5);
  static final short CHILDREN = (short) (NAME_END + 6);
  static final short OLD_KIND = (short) (NAME_END + 7);
  static final short OLD_META = (short) (NAME_END + 8);
  private static final short WORDS = (short) (NAME_END + 9);

  // --- cod: who is asking, a Wire.PRINCIPAL number ---
  static final short PRINCIPAL = (short) 0;
  private static final short COD_LEN = (short) 8;

  static final short GENERATION_LEN = (short) 3;

  final short[] words;
  final byte[] cod;
  // One bit for each granule: 1 = in use by the committed tree or the batch.
  final byte[] bitmap;
  // Bytes of records on their way to the arena; the superblock is assembled here, too.
  final byte[] staging;
  // The page of the id table that is being edited.
  final byte[] page;
  // Walk: granule and next child for each level.
  final short[] stack;
  // The generation that the next commit makes, and the batch's time.
  final byte[] next;

  final short arenaKib;
  final short nodeLimit;
  // Bytes that only Delete may use.
  final short reserve;
  final short maxDepth;
  // log2 of the bytes in a granule; granules in the whole arena.
  final short shift;
  final short granules;
  // log2 of the ids in a page of the id table.
  final short pageShift;
  // Number of superblock slots - 1.
  final short slotMask;

  /**
   * Read the install parameters and make everything transient.
   *
   * @param at offset of the first TLV
   * @param end offset behind the last
   */
  Memory(byte[] buf, short at, short end) {
    final short[] w = JCSystem.makeTransientShortArray(WORDS, JCSystem.CLEAR_ON_RESET);
    words = w;
    w[2] = (short) 1;
    while (at < end) {
      final short tag = (short) (buf[at] - Wire.INSTALL_ARENA);
      final short len = buf[(short) (at + 1)];
      check(tag, (short) 0, (short) 3);
      check(len, (short) 1, (short) 2);
      at = (short) (at + 2 + len);
      w[tag] = (short) (buf[(short) (at - 1)] & 0xFF);
      if (len == (short) 2) {
        w[tag] = Util.getShort(buf, (short) (at - 2));
      }
    }
    check(at, end, end);
    check(w[2], (short) 0, (short) 1);
    final boolean small = w[2] == 0;
    arenaKib = either(w[0], (short) (small ? 8 : 16), (short) 8, (short) 64);
    pageShift = (short) (small ? 5 : 6);
    nodeLimit = either(w[1], (short) (small ? 160 : 384), (short) 16, (short) (16 << pageShift));
    reserve = either(w[3], (short) (small ? 384 : 512), (short) 64, (short) 4096);
    // The bitmap must stay within 256 bytes of RAM, and within 64 at 8 KiB in the small profile.
    shift = (short) (arenaKib > 32 ? 5 : small || arenaKib > 16 ? 4 : 3);
    granules = (short) (arenaKib << (10 - shift));
    maxDepth = small ? Wire.LIMIT_DEPTH_SMALL : Wire.LIMIT_DEPTH;
    slotMask = (short) (small ? 3 : 7);
    zero((short) 0, (short) 3);
    cod = JCSystem.makeTransientByteArray(COD_LEN, JCSystem.CLEAR_ON_DESELECT);
    bitmap = bytes((short) (granules >> 3));
    staging = bytes((short) (small ? 128 : 384));
    page = bytes((short) (2 << pageShift));
    next = bytes((short) (GENERATION_LEN + 4));
    stack = JCSystem.makeTransientShortArray((short) (2 * maxDepth + 2), JCSystem.CLEAR_ON_RESET);
  }

  /** Set words to zero. */
  final void zero(short first, short last) {
    for (; first <= last; first++) {
      words[first] = (short) 0;
    }
  }

  /** Refuse a value above a limit. */
  static void atMost(short value, short limit, short sw) {
    if (value > limit) {
      ISOException.throwIt(sw);
    }
  }

  private static byte[] bytes(short len) {
    return JCSystem.makeTransientByteArray(len, JCSystem.CLEAR_ON_RESET);
  }

  private static short either(short given, short fallback, short least, short most) {
    if (given == 0) {
      return fallback;
    }
    check(given, least, most);
    return given;
  }

  private static void check(short value, short least, short most) {
    if (value < least || value > most) {
      ISOException.throwIt(Wire.SW_BAD_ELEMENT);
    }
  }
}
