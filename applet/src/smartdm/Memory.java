package smartdm;

import static smartdm.Words.*;

import javacard.framework.Applet;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;

/**
 * Level 1: what the install parameters fix for good, transient memory, and the persistent heap:
 * granules in segments, and which of them are in use.
 *
 * <p>What the store works with is CLEAR_ON_RESET: a reset forgets a batch, which is what a power
 * cut does. Who is asking is CLEAR_ON_DESELECT. Zero always means "nothing open, nothing known",
 * because that is what a reset leaves.
 *
 * <p>Writing appends to a run in RAM that goes out by one non-atomic copy when it is full, when the
 * next record lies elsewhere, or before a record of the run is read. What is in use is a bitmap in
 * RAM: the store marks what is reachable and asks for holes; a hole never crosses a segment.
 * Nothing here knows what a record is.
 */
abstract class Memory extends Applet {
  // --- cod: who is asking: the node id of a server, 2 bytes ---
  static final short PRINCIPAL = (short) 0;
  private static final short COD_LEN = (short) 8;

  // --- next: the generation that the next commit makes; the batch's time and tag; the generation
  // since which changes are wanted, or an ACL entry on its way ---
  static final short GENERATION_LEN = (short) 3;
  static final short TAG = (short) 7;
  static final short TAG_LEN = (short) 8;
  static final short SINCE = (short) 15;

  static final short NONE = (short) -1;

  // A Java Card array ends at 32,767 bytes; 16 KiB keeps offset arithmetic within a short.
  private static final short SEGMENT_KIB = (short) 16;
  private static final short SEGMENT_MASK = (short) 0x3FFF;

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

  private final Object[] segments;

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
    while (at < end) {
      final short tag = (short) (buf[at] - Wire.INSTALL_ARENA);
      final short len = buf[(short) (at + 1)];
      within(tag, (short) 0, (short) 3);
      within(len, (short) 1, (short) 2);
      at = (short) (at + 2 + len);
      w[tag] = Util.getShort(buf, (short) (at - 2));
      if (len == (short) 1) {
        w[tag] &= (short) 0xFF;
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
    next = bytes((short) (SINCE + GENERATION_LEN));
    stack = JCSystem.makeTransientShortArray((short) (2 * maxDepth + 2), JCSystem.CLEAR_ON_RESET);
    segments = new Object[(short) ((short) (arenaKib + SEGMENT_KIB - 1) / SEGMENT_KIB)];
    short left = arenaKib;
    for (short i = 0; left > 0; i++) {
      segments[i] = new byte[(short) ((left < SEGMENT_KIB ? left : SEGMENT_KIB) << 10)];
      left = (short) (left - SEGMENT_KIB);
    }
  }

  /** Forget all but the free-space bitmap, which is no longer taken for true: values pass here. */
  final void wipe() {
    zero((short) 0, (short) (words.length - 1));
    wipe(staging);
    wipe(page);
    wipe(next);
    for (short i = 0; i < (short) stack.length; i++) {
      stack[i] = (short) 0;
    }
  }

  private static void wipe(byte[] bytes) {
    Util.arrayFillNonAtomic(bytes, (short) 0, (short) bytes.length, (byte) 0);
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

  /** Number of granules that {@code len} bytes take. */
  final short granules(short len) {
    return (short) ((short) (len + (1 << shift) - 1) >> shift);
  }

  /** The array a granule lies in. */
  final byte[] array(short granule) {
    return (byte[]) segments[(short) (granule >> (short) (14 - shift))];
  }

  /** The offset of a granule in its array. */
  final short offset(short granule) {
    return (short) ((short) (granule << shift) & SEGMENT_MASK);
  }

  /** The unsigned byte {@code off} bytes behind the start of a granule. */
  final short get(short granule, short off) {
    final byte[] array = array(granule);
    if (granule >= words[RUN_BASE] && array == array(words[RUN_BASE])) {
      flush();
    }
    return (short) (array[(short) (offset(granule) + off)] & 0xFF);
  }

  /** Two bytes as a short. */
  final short getShort(short granule, short off) {
    return (short) (get(granule, off) << 8 | get(granule, (short) (off + 1)));
  }

  /** Begin to write at a granule. The run goes on if it ends there. */
  final void open(short granule) {
    final short[] w = words;
    final short at = offset(granule);
    final short gap = (short) (at - w[RUN_OFF] - w[RUN_LEN]);
    if (w[RUN_LEN] != 0 && (short) (gap >> shift) == 0 && array(granule) == array(w[RUN_BASE])) {
      // The rest of the last record's granule belongs to nobody: any bytes keep the run in one
      // piece.
      write(staging, (short) 0, gap);
    } else {
      flush();
      w[RUN_BASE] = granule;
      w[RUN_OFF] = at;
    }
  }

  /** Append one byte to the open record. */
  final void put(short value) {
    staging[room()] = (byte) value;
    words[RUN_LEN]++;
  }

  /** Append two bytes to the open record. */
  final void putShort(short value) {
    put((short) (value >> 8));
    put(value);
  }

  /** Append bytes of an array to the open record. */
  final void write(byte[] src, short off, short len) {
    while (len > 0) {
      final short at = room();
      short n = (short) (staging.length - at);
      if (n > len) {
        n = len;
      }
      words[RUN_LEN] = Util.arrayCopyNonAtomic(src, off, staging, at, n);
      off = (short) (off + n);
      len = (short) (len - n);
    }
  }

  /** Append bytes of an older record to the open one. */
  final void pull(short granule, short off, short len) {
    write(array(granule), (short) (offset(granule) + off), len);
  }

  /** Write the staged run out: one persistent write. */
  final void flush() {
    final short[] w = words;
    if (w[RUN_LEN] > 0) {
      w[RUN_OFF] =
          Util.arrayCopyNonAtomic(staging, (short) 0, array(w[RUN_BASE]), w[RUN_OFF], w[RUN_LEN]);
      w[RUN_LEN] = (short) 0;
    }
  }

  private short room() {
    if (words[RUN_LEN] == (short) staging.length) {
      flush();
    }
    return words[RUN_LEN];
  }

  /**
   * Mark granules as used or free. Marking twice is harmless.
   *
   * @param use 1 or 0
   */
  final void mark(short granule, short count, short use) {
    while (--count >= 0) {
      if (used(granule) != use) {
        bitmap[(short) (granule >> 3)] ^= (byte) (1 << (granule & 7));
        words[FREE] += (short) (1 - 2 * use);
      }
      granule++;
    }
  }

  // 1 or 0.
  private short used(short granule) {
    return (short) (bitmap[(short) (granule >> 3)] >> (granule & 7) & 1);
  }

  /**
   * Take a hole: right behind the last record if there is room, so that runs stay long, else the
   * smallest that fits.
   *
   * @return its first granule, or NONE
   */
  final short take(short count) {
    short at = (short) (words[NEXT] - 1);
    if (at < 0 || usedIn(at, count) != 0) {
      at = best(count);
    }
    if (at >= 0) {
      mark(at, count, (short) 1);
      words[NEXT] = (short) (at + count + 1);
    }
    return at;
  }

  /** Used granules in a window; NONE if it crosses a segment or the end. */
  final short usedIn(short granule, short count) {
    final short last = (short) (granule + count - 1);
    if (last >= granules || array(granule) != array(last)) {
      return NONE;
    }
    short n = 0;
    for (; granule <= last; granule++) {
      n += used(granule);
    }
    return n;
  }

  private short best(short count) {
    short found = NONE;
    short least = (short) 0x7FFF;
    short run = 0;
    for (short g = 0; g <= granules; g++) {
      final boolean end = g == granules || used(g) != 0;
      if (end || offset(g) == 0) {
        if (run >= count && run < least) {
          found = (short) (g - run);
          least = run;
        }
        run = 0;
      }
      if (!end) {
        run++;
      } else if ((g & 7) == 0 && g < granules && bitmap[(short) (g >> 3)] == (byte) -1) {
        g = (short) (g + 7);
      }
    }
    return found;
  }
}
