package smartdm;

import static smartdm.Words.*;

/**
 * Level 5: the records that the table leads to: what they look like, room for them, and what is in
 * use.
 *
 * <p>A record is {@code generation 2 | VerNo 2 | kind 1 | meta 1 | [L name] | [definition 3] | [L
 * Type] | [L Title] | [L ACL] | [TStamp 4] | tail}; from VerNo on it is, but for the child ids,
 * what an answer shows.
 */
abstract class Store extends Table {
  static final short VERNO = (short) 2;
  static final short KIND = (short) 4;
  static final short NAME = (short) 6;
  static final short FORMAT_MASK = (short) 0x0F;
  // Of kind and meta: the bits that tell a definition.
  static final short IS_DEFINITION = (short) (Wire.KIND_DEFINED << 8 | Wire.META_DEFINITION);
  private static final short OPTIONAL = (short) (Wire.KIND_TITLE | Wire.KIND_ACL);
  static final short ROOT = Wire.NODE_ROOT;
  // What rules a node without a definition: every access, not PERMANENT and not REQUIRED.
  private static final short UNRULED = (short) 0x3F;
  private static final short DEFINITION_ID = (short) 0x01FF;
  // Bytes behind the name of a definition: access, maximum, types.
  static final short DEFINITION_LEN = (short) 4;
  // Windows tried before the card is called full: each costs a rebuild.
  private static final short WINDOWS = (short) 120;
  // As how many of them counts to look through the arena.
  private static final short ROUND = (short) 4;

  Store(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /** Which texts a record has, as bits of a defined node's kind. */
  static final short texts(short kindMeta) {
    final short kind = (short) (kindMeta >> 8);
    // INLINE is 16 times OWN_TYPE.
    return (short)
        (kind < 0
            ? kind & ~Wire.KIND_TSTAMP
            : kind & OPTIONAL | Wire.KIND_OWN_NAME | kindMeta >> 4 & Wire.KIND_OWN_TYPE);
  }

  /**
   * Look at a record: where its fields begin, its Format, its children. The next look overwrites
   * it. The Format is PIECES for a value in pieces; that of a defined node is only NODE or not.
   */
  final void look(short granule) {
    final short[] w = words;
    short at = NAME;
    final short kindMeta = getShort(granule, KIND);
    // A bit for each field, from that of the name.
    short texts = texts(kindMeta);
    short field = NAME_AT;
    do {
      w[field] = at;
      if ((texts & Wire.KIND_OWN_NAME) != 0) {
        at = (short) (at + 1 + get(granule, at));
      }
      if (field == NAME_AT && (short) (kindMeta & IS_DEFINITION) == Wire.META_DEFINITION) {
        at = (short) (at + DEFINITION_LEN);
      }
      texts >>= 1;
    } while (++field <= ACL_AT);
    w[SEEN] = granule;
    w[TEXTS_END] = at;
    // TSTAMP is four times its length.
    at = (short) (at + ((short) (kindMeta >> 10) & 4));
    w[TAIL] = at;
    w[KIND_META] = kindMeta;
    short format = (short) (kindMeta >> 8 & FORMAT_MASK);
    if (kindMeta < 0) {
      // INTERIOR is 2.
      format = (short) ((kindMeta >> 9 & 1) * Wire.FORMAT_NODE);
    }
    w[FORMAT] = format;
    short count = get(granule, at++);
    if (format != Wire.FORMAT_NODE) {
      if ((byte) count == Wire.PIECES) {
        count = get(granule, at++);
        w[FORMAT] = Wire.PIECES;
      } else {
        at = (short) (at + count);
        count = (short) 0;
      }
    }
    w[KIDS] = at;
    w[ID_LEN] = (short) 2;
    w[CHILDREN] = count;
    if (count > Wire.LIMIT_CHILDREN) {
      w[ID_LEN] = (short) 0;
      w[CHILDREN] -= (short) (Wire.ID_RUN & 0xFF);
      count = (short) 1;
    }
    w[LEN] = (short) (at + 2 * count);
  }

  /** Look at a node's record; returns its granule. */
  final short see(short id) {
    final short granule = granule(id);
    look(granule);
    return granule;
  }

  /** How many ids are behind a count byte: a run has its first alone. */
  static final short ids(short count) {
    return count > Wire.LIMIT_CHILDREN ? (short) 1 : count;
  }

  /** Id of a child of the node looked at, by its place. */
  final short child(short place) {
    final short[] w = words;
    final short at = (short) (w[ID_LEN] * place);
    return (short) (getShort(w[SEEN], (short) (w[KIDS] + at)) + place - (short) (at >> 1));
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
   * @return its first granule
   */
  final short allocate(short len) {
    final short[] w = words;
    final short count = granules(len);
    final short floor = (short) (count + w[KEPT]);
    final short at = w[FREE] < floor ? NONE : take(count);
    if (at < 0) {
      if (w[MAP_FRESH] == 0) {
        rebuild();
        return allocate(len);
      }
      // More with each attempt: the batch may need several holes.
      w[NEED] += count;
      Memory.refuse(w[FREE] < floor ? (byte) Wire.SW_CARD_FULL : (byte) Wire.SW_SEND_AGAIN);
    }
    return at;
  }

  /**
   * Give up a node's record: at once if this batch made it, else with the next rebuild. Of secrets
   * it is noted: one committed secret is overwritten by itself.
   */
  final void free(short id, short granule, short count) {
    final boolean committed = entry(id, true) == (short) (granule + 1);
    if (secret(getShort(granule, KIND))) {
      words[LOST] = committed && (next[SCRUB] & FREED) == 0 ? (short) (granule + 1) : NONE;
      next[SCRUB] |= FREED;
    }
    if (committed) {
      words[MAP_FRESH] = (short) 0;
    } else {
      mark(granule, count, (short) 0);
      if (secret(getShort(granule, KIND))) {
        // Who takes its place may leave a rest of its last granule as it is.
        clear(granule, count);
      }
    }
  }

  /** The definition that a kind and meta byte name, or ROOT. */
  static final short named(short kindMeta) {
    return kindMeta < 0 ? (short) (kindMeta & DEFINITION_ID) : ROOT;
  }

  /**
   * What the definition says that a kind and meta byte name: 0 access, 1 maximum, 2 types, 3 proof;
   * everything if they name none.
   */
  final short ruleOf(short kindMeta, short which) {
    if (kindMeta >= 0) {
      return UNRULED;
    }
    final short granule = granule(named(kindMeta));
    return get(granule, (short) (NAME + 1 + get(granule, NAME) + which));
  }

  /** Whether a node with this kind and meta is a secret: a leaf that nobody may read. */
  final boolean secret(short kindMeta) {
    return (kindMeta & (short) (Wire.KIND_INTERIOR << 8)) == 0
        && (ruleOf(kindMeta, (short) 0) & Wire.ACCESS_GET) == 0;
  }

  /** Forget what was written, and whatever else is open. */
  final void abort() {
    zero(RUN_LEN, MAP_FRESH);
    use((short) (words[SLOT] - 1));
  }

  /**
   * Overwrite the secret that the last commit freed; all free memory if that were several, or if
   * what was staged or moved may lie there. No batch is open.
   */
  final void scrub() {
    if (next[SCRUB] != 0) {
      final short granule = (short) (words[LOST] - 1);
      if (granule >= 0) {
        clear(granule, size(granule));
      } else {
        if (next[STATE] == Wire.STATE_TERMINATED) {
          // Nothing is kept, and what there is may be half erased.
          wipe(bitmap);
        } else {
          rebuild();
        }
        best((short) 1, true);
      }
      note(SCRUB, (short) 0);
    }
  }

  /** Overwrite all free memory, if a secret may lie there. No batch is open. */
  final void scrubAll() {
    if (next[SCRUB] != 0) {
      words[LOST] = (short) 0;
      scrub();
    }
  }

  /** Make the batch the state, then overwrite what secrets it freed. */
  final void finish() {
    commit(true);
    scrub();
  }

  /** Mark what the committed tree and the batch use; without a batch each node counts twice. */
  final void rebuild() {
    final short[] w = words;
    wipe(bitmap);
    zero(NEXT, NODES);
    w[FREE] = granules;
    w[MAP_FRESH] = (short) 1;
    short id = 0;
    do {
      markRecord(entry(id, true));
      markRecord(entry(id, false));
    } while (++id < nodeLimit);
  }

  private void markRecord(short entry) {
    if (--entry >= 0) {
      words[NODES]++;
      mark(entry, size(entry), (short) 1);
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
    short tries = WINDOWS;
    short cost = 1;
    for (short at = 0; tries > 0; at++) {
      if (at == granules) {
        at = (short) 0;
        cost++;
        tries -= ROUND;
      }
      if (usedIn(at, count) == cost) {
        tries--;
        // A trial takes the same holes as the move, because both ask in the same order.
        final boolean done = empty(at, count, false);
        rebuild();
        if (done) {
          empty(at, count, true);
          commit(false);
          rebuild();
          return true;
        }
      }
    }
    return false;
  }

  private boolean empty(short at, short count, boolean move) {
    mark(at, count, (short) 1);
    short id = 0;
    do {
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
            free(id, granule, size);
            setEntry(id, (short) (to + 1));
          }
        }
      }
    } while (++id < nodeLimit);
    return true;
  }
}
