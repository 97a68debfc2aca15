package smartdm;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 4: records: their form, room for them, commit, abort, and the rebuild of the bitmap.
 *
 * <p>A record is {@code generation 3 | VerNo 2 | kind 1 | meta 1 | L name | [L Type] | [L Title] |
 * [L ACL] | [TStamp 4] | tail}; from VerNo on it is, but for the child ids of an interior node,
 * what an answer shows.
 *
 * <p>Bytes reachable from the newest superblock are written by nobody before the next commit: the
 * bitmap holds them, and of each table page only the other slot is written.
 */
abstract class Store extends Table {
  static final short VERNO = (short) 3;
  static final short KIND = (short) 5;
  static final short META = (short) 6;
  static final short NAME = (short) 7;
  static final short FORMAT_MASK = (short) 0x0F;

  // Windows tried before the card is called full: each costs a rebuild.
  private static final short TRIES = (short) 120;

  Store(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  // Offset behind the text at an offset.
  private short after(short granule, short at) {
    return (short) (at + 1 + get(granule, at));
  }

  /**
   * Look at a record: where its fields end, its Format, its children. The next look overwrites it.
   */
  final void look(short granule) {
    final short[] w = words;
    final short kind = get(granule, KIND);
    short at = after(granule, NAME);
    w[NAME_END] = at;
    w[OLD_KIND] = kind;
    w[OLD_META] = get(granule, META);
    if ((w[OLD_META] & Wire.META_INLINE) != 0) {
      at = after(granule, at);
    }
    w[TYPE_END] = at;
    if ((kind & Wire.KIND_TITLE) != 0) {
      at = after(granule, at);
    }
    if ((kind & Wire.KIND_ACL) != 0) {
      at = after(granule, at);
    }
    w[TEXTS_END] = at;
    if ((kind & Wire.KIND_TSTAMP) != 0) {
      at = (short) (at + 4);
    }
    w[TAIL] = at;
    w[FORMAT] = (short) (kind & FORMAT_MASK);
    final short count = get(granule, at);
    w[CHILDREN] = w[FORMAT] == Wire.FORMAT_NODE ? count : (short) 0;
    w[LEN] = (short) (at + 1 + count + w[CHILDREN]);
  }

  /** Id of a child of the node looked at, by its place. */
  final short child(short granule, short place) {
    return getShort(granule, (short) (words[TAIL] + 1 + 2 * place));
  }

  /** Granules of a record, which is looked at. */
  final short size(short granule) {
    look(granule);
    return granules(words[LEN]);
  }

  /**
   * Room for a record.
   *
   * @param len its bytes
   * @param spare whether the reserve may be used
   * @return its first granule
   */
  final short allocate(short len, boolean spare) {
    final short[] w = words;
    final short count = granules(len);
    final short floor = spare ? count : (short) (count + granules(reserve));
    if (w[MAP_VALID] == 0) {
      rebuild();
    }
    short at = NONE;
    while (true) {
      if (w[FREE] >= floor) {
        at = take(count);
      }
      if (at >= 0 || w[MAP_STALE] == 0) {
        break;
      }
      rebuild();
    }
    if (at < 0) {
      // More with each attempt: the batch may need several holes.
      w[NEED] = (short) (w[NEED] + count);
      ISOException.throwIt(w[FREE] < floor ? Wire.SW_CARD_FULL : Wire.SW_SEND_AGAIN);
    }
    return at;
  }

  /** Give up a record: at once if this batch made it, else with the next rebuild. */
  final void free(short granule, short count) {
    if (Util.arrayCompare(array(granule), offset(granule), next, (short) 0, GENERATION_LEN) == 0) {
      mark(granule, count, false);
    } else {
      words[MAP_STALE] = (short) 1;
    }
  }

  /**
   * Make what was written the state.
   *
   * @param raise whether the tree changed (else only records moved)
   */
  final void commit(boolean raise) {
    spill();
    if (words[TOUCHED] != 0) {
      flush();
      commitBlock(raise);
      zero(PAGE, TOUCHED);
    }
  }

  /** Forget what was written, and whatever else is open. */
  final void abort() {
    zero(RUN_LEN, MAP_VALID);
  }

  /** Mark what the committed tree and the batch use; count the batch's nodes. */
  final void rebuild() {
    final short[] w = words;
    Util.arrayFillNonAtomic(bitmap, (short) 0, (short) bitmap.length, (byte) 0);
    zero(MAP_STALE, NODES);
    w[FREE] = granules;
    w[MAP_VALID] = (short) 1;
    for (short id = 0; id < nodeLimit; id++) {
      markRecord(entry(id, true));
      final short entry = entry(id, false);
      if (entry != 0) {
        w[NODES]++;
        markRecord(entry);
      }
    }
  }

  private void markRecord(short entry) {
    if (--entry >= 0) {
      mark(entry, size(entry), true);
    }
  }

  /**
   * Gather free memory that lies in pieces: make one more hole by emptying the cheapest window, in
   * a commit of its own that does not raise the generation. No batch is open.
   *
   * @param count granules of the hole to make
   * @return false if it could not be made
   */
  final boolean gather(short count) {
    rebuild();
    short tries = TRIES;
    for (short cost = 1; cost <= count; cost++) {
      for (short at = 0; at < granules; at++) {
        if (usedIn(at, count) == cost) {
          // A trial takes the same holes as the move, because both ask in the same order.
          final boolean done = empty(at, count, false);
          rebuild();
          if (done) {
            empty(at, count, true);
            commit(false);
            rebuild();
          }
          if (done || --tries == 0) {
            return done;
          }
        }
      }
    }
    return false;
  }

  private boolean empty(short at, short count, boolean move) {
    mark(at, count, true);
    for (short id = 0; id < nodeLimit; id++) {
      final short granule = (short) (entry(id, true) - 1);
      if (granule >= 0 && granule < (short) (at + count)) {
        final short size = size(granule);
        if ((short) (granule + size) > at) {
          words[NEXT] = (short) 0;
          final short to = take(size);
          if (to < 0) {
            return false;
          }
          if (move) {
            open(to);
            pull(granule, (short) 0, words[LEN]);
            setEntry(id, (short) (to + 1));
          }
        }
      }
    }
    return true;
  }
}
