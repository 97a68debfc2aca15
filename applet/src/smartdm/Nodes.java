package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;

/**
 * Level 10: nodes as they are written: new records, new versions of old ones, and what is given up.
 *
 * <p>A new version has the next generation, a VerNo one higher and the batch's time. The old record
 * is given up, but its bytes stay until the next allocation.
 */
abstract class Nodes extends Input {
  // Kind and meta of a principal's leaf with keys or a PIN: its definition is that of secrets.
  static final short SEALED =
      (short) ((Wire.KIND_DEFINED | Wire.KIND_OWN_NAME) << 8 | Wire.NODE_KEYS);
  static final short SEALED_KEEPS = (short) (Wire.KIND_TITLE << 8);
  static final byte PIN_TRIES = (byte) 3;
  static final byte PUK_TRIES = (byte) 10;
  private static final short HAS_ACL = (short) (Wire.KIND_ACL << 8);
  private static final short FALLBACK = (short) (Wire.VERB_ADD | Wire.VERB_GET);
  private static final short ANYBODY = (short) (Wire.PRINCIPAL_ANYBODY << Wire.ACL_ID_SHIFT);

  Nodes(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Begin the record of a new node; its texts are bytes of an array, its tail follows.
   *
   * @param acl the one entry of its ACL, if that is not among the texts; 0 = none
   */
  final void create(
      short id, byte[] buf, short off, short len, short kindMeta, short acl, short tailLen) {
    if (acl != 0) {
      kindMeta |= HAS_ACL;
      tailLen = (short) (tailLen + 3);
    }
    begin(id, (short) (NAME + len + tailLen), (short) 0, kindMeta);
    write(buf, off, len);
    if (acl != 0) {
      put((short) 2);
      putShort(acl);
    }
    write(next, GENERATION_LEN, timeLen());
  }

  /**
   * Begin a new version of the node looked at, with the kind and meta noted; its tail follows.
   *
   * @param field one of NAME_AT to ACL_AT: the field that makes way ...
   * @param off ... for {@code len} bytes of the array from here on
   */
  final void revise(short id, short field, byte[] buf, short off, short len, short tailLen) {
    final short old = granule(id);
    final short oldSize = granules(words[LEN]);
    renew(id, old, field, buf, off, len, tailLen);
    replaced(id, old, oldSize);
  }

  /**
   * A new version of the node looked at, with the kind and meta noted, whose tail stays.
   *
   * @param field one of NAME_AT to ACL_AT: the field that makes way ...
   * @param off ... for {@code len} bytes of the array from here on
   */
  final void edit(short id, short field, byte[] buf, short off, short len) {
    final short old = granule(id);
    final short oldSize = granules(words[LEN]);
    final short tail = words[TAIL];
    final short tailLen = (short) (words[LEN] - tail);
    renew(id, old, field, buf, off, len, tailLen);
    pull(old, tail, tailLen);
    // Only now: of a secret that this batch made the old version is cleared.
    replaced(id, old, oldSize);
  }

  private void renew(
      short id, short old, short field, byte[] buf, short off, short len, short tailLen) {
    final short[] w = words;
    final short from = w[field];
    final short to = w[(short) (field + 1)];
    final short rest = (short) (w[TEXTS_END] - to);
    begin(
        id,
        (short) (from + len + rest + tailLen),
        (short) (getShort(old, VERNO) + 1),
        w[KIND_META]);
    pull(old, NAME, (short) (from - NAME));
    write(buf, off, len);
    pull(old, to, rest);
    write(next, GENERATION_LEN, timeLen());
  }

  private void replaced(short id, short old, short oldSize) {
    free(id, old, oldSize);
    // What follows must not lie right behind: between the versions of a parent that gets many
    // children, holes would never join.
    words[NEXT] = (short) 0;
  }

  /**
   * A new version of an interior node.
   *
   * @param place of the first child to leave out
   * @param gone number of children to leave out
   * @param more number of children to append, whose nodes will come
   */
  final void relink(short id, short place, short gone, short more) {
    final short[] w = words;
    final short old = see(id);
    final short count = (short) (w[CHILDREN] - gone + more);
    final short head = (short) (w[KIDS] - w[TAIL]);
    revise(id, NOTHING, null, (short) 0, (short) 0, (short) (head + 2 * count));
    look(old);
    // PIECES, if there are any.
    pull(old, w[TAIL], (short) (head - 1));
    put(count);
    gone = (short) (place + gone);
    for (short i = 0; i < w[CHILDREN]; i++) {
      if (i < place || i >= gone) {
        putShort(child(i));
      }
    }
    promise(more);
  }

  /** Append the ids of children whose nodes will come. */
  final void promise(short count) {
    while (--count >= 0) {
      words[LAST_PROMISED] = freeId(words[LAST_PROMISED]);
      putShort(words[LAST_PROMISED]);
    }
  }

  /** Begin to change the tree. */
  final void fresh() {
    zero(OPTIONS, SOURCE);
    words[LOST] = (short) 0;
  }

  private void begin(short id, short len, short verno, short kindMeta) {
    if (secret(kindMeta) && (next[SCRUB] & STAGED) == 0) {
      // Before its bytes get there.
      note(SCRUB, (short) (next[SCRUB] | STAGED));
    }
    final short granule = allocate((short) (len + timeLen()));
    setEntry(id, (short) (granule + 1));
    open(granule);
    write(next, (short) 1, (short) (GENERATION_LEN - 1));
    putShort(verno);
    // TSTAMP is four times OPT_TIME.
    putShort((short) (kindMeta & NO_TSTAMP | timeLen() << 10));
  }

  /**
   * Begin a new value for a server's leaf, which nobody can read from then on; its bytes follow.
   */
  final void seal(short id, short len) {
    see(id);
    words[KIND_META] = (short) (words[KIND_META] & SEALED_KEEPS | SEALED);
    revise(id, NOTHING, null, (short) 0, (short) 0, (short) (len + 1));
    put(len);
  }

  /** With the next commit all tries are left. */
  final void tries() {
    next[TRIES] = PIN_TRIES;
    next[(short) (TRIES + 1)] = PUK_TRIES;
  }

  // Bytes of the TStamp: the flag has that very number.
  private short timeLen() {
    return (short) (words[OPTIONS] & Wire.OPT_TIME);
  }

  // The bytes of a tail whose first is the length of a value, or says that it is the source's.
  final short valueLen(short len) {
    final short[] w = words;
    if ((byte) len == Wire.SOURCE_VALUE) {
      if (w[TAKEN] == ROOT || w[TAKEN] == w[FOUND]) {
        Memory.refuse((byte) Wire.SW_NO_SOURCE);
      }
      see(w[TAKEN]);
      return (short) (w[LEN] - w[TAIL]);
    }
    Memory.atMost(len, Wire.LIMIT_VALUE, (byte) Wire.SW_VALUE_TOO_LARGE);
    w[TAKEN] = ROOT;
    w[VALUE_LEFT] = len;
    return (short) (len + 1);
  }

  // Append the length of a value; or the tail of the source: a copy of its value, or its pieces,
  // which then are no longer its.
  final void value() {
    final short[] w = words;
    final short id = w[TAKEN];
    if (id == ROOT) {
      put(w[VALUE_LEFT]);
      return;
    }
    final short granule = see(id);
    final short tail = w[TAIL];
    pull(granule, tail, (short) (w[LEN] - tail));
    w[TAKEN] = ROOT;
    if (w[FORMAT] == Wire.PIECES) {
      // They lie one level deeper.
      Memory.atMost(w[FOUND_DEPTH], (short) (maxDepth - 1), (byte) Wire.SW_TOO_DEEP);
      drop(id);
      w[KEPT] = (short) 0;
      relink(Wire.NODE_UPLOADS, placeOf(Wire.NODE_UPLOADS, id), (short) 1, (short) 0);
    }
  }

  // Set a Title or ACL; alone its length byte means none.
  final void set(byte[] buf, short field, short flag, short at, short len) {
    final short[] w = words;
    w[KIND_META] |= flag;
    if (len == 1) {
      w[KIND_META] ^= flag;
      len = (short) 0;
    }
    edit(w[FOUND], field, buf, at, len);
  }

  // Give up all that is below a node.
  final void prune(short id) {
    walk(id, ALL_LEVELS);
    while (walkOn() >= 0) {
      drop(words[WALK_ID]);
    }
  }

  // Give up a node.
  final void drop(short id) {
    final short granule = granule(id);
    free(id, granule, size(granule));
    setEntry(id, (short) 0);
  }

  // Before a node of the registry goes: nobody may have it as definition, and what ACLs give it
  // ends.
  final void forget(short id) {
    final short[] w = words;
    short i = 0;
    do {
      if (entry(i, false) != 0) {
        final short granule = see(i);
        if (named(w[KIND_META]) == id) {
          Memory.refuse((byte) Wire.SW_IN_USE);
        }
        if (given(id) != 0) {
          short entry = 0;
          if (i == ROOT) {
            // Add and Get fall back to anybody when nobody else has them.
            entry = (short) (~w[OTHERS] & getShort(granule, w[NOTHING]) & FALLBACK | ANYBODY);
          }
          Util.setShort(next, SINCE, entry);
          // The entry is the field that makes way.
          w[TITLE_AT] = (short) (w[NOTHING] + 2);
          edit(i, NOTHING, next, SINCE, (short) 2);
          // Look at the new version.
          i--;
        }
      }
    } while (++i < nodeLimit);
  }
}
