package smartdm;

import static smartdm.Words.*;

import javacard.framework.Applet;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;

/**
 * Level 1: what the install parameters fix for good, and transient memory.
 *
 * <p>What the store works with is CLEAR_ON_RESET: a reset forgets a batch, which is what a power
 * cut does. Who is asking is CLEAR_ON_DESELECT. Zero always means "nothing open, nothing known",
 * because that is what a reset leaves.
 */
abstract class Memory extends Applet {
  // --- cod: who is asking: the node id of a server, 2 bytes; proof bits; of a channel: its level,
  // commands since it was opened, MAC chain, a subkey of CMAC. Until the host's cryptogram comes,
  // who it will be stands for the commands, and what the key set allows for proof ---
  static final short PRINCIPAL = (short) 0;
  static final short PROOF = (short) 2;
  static final short LEVEL = (short) 3;
  // From HOLDER to the bit that says that it was used.
  static final short SPENT_SHIFT = (short) 2;
  static final short COUNTER = (short) 4;
  static final short CHAIN = (short) 6;
  static final short SUBKEY = (short) 22;
  private static final short COD_LEN = (short) 38;
  // --- next: the generation that the next commit makes; the batch's time and tag; the generation
  // since which changes are wanted, or an ACL entry on its way; the ledger that the next commit
  // writes: life cycle, whether free memory must be overwritten, tries left of PIN and PUK, power
  // sessions in which challenges had to be counted ---
  static final short GENERATION_LEN = (short) 3;
  static final short TAG = (short) 7;
  static final short TAG_LEN = (short) 8;
  static final short SINCE = (short) 15;
  static final short LEDGER = (short) 18;
  static final short STATE = (short) 18;
  static final short SCRUB = (short) 19;
  static final short TRIES = (short) 20;
  static final short SESSION = (short) 22;
  static final short LEDGER_LEN = (short) 7;
  // Only a reset clears these: attempts to open a door that failed; challenges drawn without a
  // random source.
  static final short FAILURES = (short) 25;
  static final short DRAWN = (short) 26;
  private static final short NEXT_LEN = (short) 27;
  // Of SCRUB: a secret was staged, one is freed.
  static final byte STAGED = (byte) 1;
  static final byte FREED = (byte) 2;
  static final short NONE = (short) -1;

  final short[] words;
  final byte[] cod;
  // One bit for each granule: 1 = in use by the committed tree or the batch.
  final byte[] bitmap;
  // Bytes of records on their way to the arena; the superblock is assembled here, too.
  final byte[] staging;
  // The page of the id table that is being edited.
  final byte[] page;
  // Walk: granule, then rights and next child for each level.
  final short[] stack;
  // What the next commit will need, see the offsets above.
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

  /**
   * Read the install parameters and make everything transient.
   *
   * @param at offset of the first TLV
   * @param end offset behind the last
   */
  Memory(byte[] buf, short at, short end) {
    words = JCSystem.makeTransientShortArray(Words.COUNT, JCSystem.CLEAR_ON_RESET);
    // Words 0 to 3 hold the parameters for a moment: each is written before the store reads it.
    final short[] w = words;
    w[2] = (short) 1;
    w[KEYS_LEN] = (short) 16;
    while (at < end) {
      final short tag = (short) (buf[at] - Wire.INSTALL_ARENA);
      final short len = buf[(short) (at + 1)];
      at = (short) (at + 2 + len);
      if (tag == (short) (Wire.INSTALL_KEYS - Wire.INSTALL_ARENA)) {
        within(len, (short) 48, (short) 96);
        within((short) (len % 24), (short) 0, (short) 0);
        w[KEYS_AT] = (short) (at - len);
        w[KEYS_LEN] = (short) (len / 3);
      } else {
        within(tag, (short) 0, (short) 3);
        within(len, (short) 1, (short) 2);
        w[tag] = Util.getShort(buf, (short) (at - 2));
        if (len == (short) 1) {
          w[tag] &= (short) 0xFF;
        }
      }
    }
    within(at, end, end);
    // Profile 0 = small, 1 = default: most sizes double.
    final short profile = w[2];
    within(profile, (short) 0, (short) 1);
    pageShift = (short) (5 + profile);
    arenaKib = either(w[0], (short) (8 << profile), (short) 8, (short) 64);
    nodeLimit = either(w[1], (short) (256 << profile), (short) 16, (short) (16 << pageShift));
    reserve = either(w[3], (short) (384 + 128 * profile), (short) 64, (short) 4096);
    // The bitmap must stay within 256 bytes of RAM, and within 64 at 8 KiB in the small profile.
    shift = (short) (arenaKib > 32 ? 5 : arenaKib > 16 ? 4 : 4 - profile);
    granules = (short) (arenaKib << (10 - shift));
    maxDepth =
        (short) (Wire.LIMIT_DEPTH_SMALL + profile * (Wire.LIMIT_DEPTH - Wire.LIMIT_DEPTH_SMALL));
    cod = JCSystem.makeTransientByteArray(COD_LEN, JCSystem.CLEAR_ON_DESELECT);
    bitmap = bytes((short) (granules >> 3));
    staging = bytes((short) (128 + 256 * profile));
    page = bytes((short) (2 << pageShift));
    next = bytes(NEXT_LEN);
    stack = JCSystem.makeTransientShortArray((short) (2 * maxDepth + 2), JCSystem.CLEAR_ON_RESET);
  }

  /**
   * Forget all but what only a reset clears, and the free-space bitmap, which is no longer taken
   * for true: values pass here.
   */
  final void wipe() {
    zero((short) 0, (short) (Words.COUNT - 1));
    wipe(staging);
    wipe(page);
    Util.arrayFillNonAtomic(next, (short) 0, FAILURES, (byte) 0);
    for (short i = 0; i < (short) stack.length; i++) {
      stack[i] = (short) 0;
    }
  }

  static void wipe(byte[] bytes) {
    Util.arrayFillNonAtomic(bytes, (short) 0, (short) bytes.length, (byte) 0);
  }

  /** Who is asking: the node id of a server, 0 = nobody. */
  final short principal() {
    return Util.getShort(cod, PRINCIPAL);
  }

  /** Set words to zero. */
  final void zero(short first, short last) {
    for (; first <= last; first++) {
      words[first] = (short) 0;
    }
  }

  /** Refuse a value above a limit. */
  static void atMost(short value, short limit, byte low) {
    if (value > limit) {
      refuse(low);
    }
  }

  /** Refuse with the status word 6AXX whose low byte is given; it is 80 or above. */
  static void refuse(byte low) {
    ISOException.throwIt((short) (0x6B00 + low));
  }

  private static byte[] bytes(short len) {
    return JCSystem.makeTransientByteArray(len, JCSystem.CLEAR_ON_RESET);
  }

  private static short either(short given, short fallback, short least, short most) {
    if (given == 0) {
      return fallback;
    }
    within(given, least, most);
    return given;
  }

  private static void within(short value, short least, short most) {
    if (value < least || value > most) {
      refuse((byte) Wire.SW_BAD_ELEMENT);
    }
  }
}
