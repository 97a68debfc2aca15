package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;

/**
 * Level 3: the persistent heap: granules in segments, and which of them are in use.
 *
 * <p>Writing appends to a run in RAM that goes out by one non-atomic copy when it is full, when the
 * next record lies elsewhere, or before a record of the run is read. What is in use is a bitmap in
 * RAM: the store marks what is reachable and asks for holes; a hole never crosses a segment.
 * Nothing here knows what a record is.
 */
abstract class Heap extends Crypto {
  // A Java Card array ends at 32,767 bytes; 16 KiB keeps offset arithmetic within a short.
  private static final short SEGMENT_KIB = (short) 16;
  private static final short SEGMENT_MASK = (short) 0x3FFF;

  private final Object[] segments;

  Heap(byte[] buf, short at, short end) {
    super(buf, at, end);
    segments = new Object[(short) ((short) (arenaKib + SEGMENT_KIB - 1) / SEGMENT_KIB)];
    short left = arenaKib;
    for (short i = 0; left > 0; i++) {
      segments[i] = new byte[(short) ((left < SEGMENT_KIB ? left : SEGMENT_KIB) << 10)];
      left = (short) (left - SEGMENT_KIB);
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
    // Is it in the run, of which a part may have gone out already?
    if (granule >= words[RUN_BASE]
        && offset(granule) < (short) (words[RUN_OFF] + words[RUN_LEN])
        && array == array(words[RUN_BASE])) {
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
    short gap = (short) (at - w[RUN_OFF] - w[RUN_LEN]);
    if (w[RUN_LEN] != 0 && (short) (gap >> shift) == 0 && array(granule) == array(w[RUN_BASE])) {
      // The rest of the last record's granule belongs to nobody, and must not be bytes of a secret.
      while (--gap >= 0) {
        put((short) 0);
      }
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
      at = best(count, false);
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

  /** Fill granules with zeros: one persistent write. */
  final void clear(short granule, short count) {
    Util.arrayFillNonAtomic(array(granule), offset(granule), (short) (count << shift), (byte) 0);
  }

  /** The smallest hole that fits, or NONE; or clear each one that does. */
  final short best(short count, boolean clear) {
    short found = NONE;
    short least = (short) 0x7FFF;
    short run = 0;
    short g = 0;
    do {
      final boolean end = g == granules || used(g) != 0;
      if (end || offset(g) == 0) {
        if (run >= count && run < least) {
          found = (short) (g - run);
          if (clear) {
            clear(found, run);
          } else {
            least = run;
          }
        }
        run = 0;
      }
      if (!end) {
        run++;
      } else if ((g & 7) == 0 && g < granules && bitmap[(short) (g >> 3)] == (byte) -1) {
        g = (short) (g + 7);
      }
    } while (++g <= granules);
    return found;
  }
}
