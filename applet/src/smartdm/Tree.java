package smartdm;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 5: nodes: found by URI, walked with a stack in RAM (card stacks are too small for
 * recursion), written as new records and as new versions of old ones.
 *
 * <p>A new version has the next generation, a VerNo one higher and the batch's time. The old record
 * is given up, but its bytes stay until the next allocation.
 */
abstract class Tree extends Store {
  static final short ROOT = (short) 0;
  // All children of a node, in the stead of the place of one.
  static final short ALL = (short) -2;
  static final short ALL_LEVELS = (short) 0xFF;

  Tree(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Find a node and look at it; leaves its id, parent, place, depth and path length in RAM.
   *
   * @param at offset of the URI's length byte; an empty URI is the root
   * @return the granule of its record
   */
  final short resolve(byte[] buf, short at) {
    final short[] w = words;
    final short len = (short) (buf[at++] & 0xFF);
    final short end = (short) (at + len);
    atMost(len, Wire.LIMIT_URI, Wire.SW_URI_TOO_LONG);
    w[FOUND] = ROOT;
    w[FOUND_PARENT] = ROOT;
    w[FOUND_PLACE] = ALL;
    w[FOUND_DEPTH] = (short) 0;
    w[FOUND_PATH] = (short) (len == 0 ? 0 : len + 1);
    short granule = granule(ROOT);
    while (len > 0 && at <= end) {
      final short start = at;
      while (at < end && buf[at] != (byte) '/') {
        at++;
      }
      w[FOUND_PARENT] = w[FOUND];
      w[FOUND_PLACE] = place(granule, buf, start, Text.segment(buf, start, at));
      if (w[FOUND_PLACE] < 0) {
        ISOException.throwIt(Wire.SW_NOT_FOUND);
      }
      w[FOUND] = child(granule, w[FOUND_PLACE]);
      w[FOUND_DEPTH]++;
      granule = granule(w[FOUND]);
      at++;
    }
    look(granule);
    return granule;
  }

  /** Look at a node for its child with this name; returns its place or NONE. */
  final short place(short granule, byte[] buf, short off, short len) {
    look(granule);
    short i = words[CHILDREN];
    while (--i >= 0) {
      final short child = granule(child(granule, i));
      if (get(child, NAME) == len
          && Util.arrayCompare(array(child), (short) (offset(child) + NAME + 1), buf, off, len)
              == 0) {
        break;
      }
    }
    return i;
  }

  /** Begin a pre-order walk at a node; returns its granule. */
  final short walk(short id, short levels) {
    words[TOP] = NONE;
    words[LEVELS] = levels;
    words[PATH] = NONE;
    return push(id);
  }

  /** Go to the next node of the walk; returns its granule or NONE. */
  final short walkOn() {
    final short[] w = words;
    while (w[TOP] >= 0) {
      final short slot = (short) (2 * w[TOP]);
      final short granule = stack[slot];
      look(granule);
      if (w[TOP] != w[LEVELS] && stack[(short) (slot + 1)] < w[CHILDREN]) {
        return push(child(granule, stack[(short) (slot + 1)]++));
      }
      w[PATH] = (short) (w[PATH] - 1 - get(granule, NAME));
      w[TOP]--;
    }
    return NONE;
  }

  private short push(short id) {
    final short[] w = words;
    final short granule = granule(id);
    w[WALK_ID] = id;
    w[PATH] = (short) (w[PATH] + 1 + get(granule, NAME));
    atMost(++w[TOP], maxDepth, Wire.SW_TOO_DEEP);
    final short slot = (short) (2 * w[TOP]);
    stack[slot] = granule;
    stack[(short) (slot + 1)] = (short) 0;
    return granule;
  }

  /**
   * Refuse a subtree that is too deep, whose URIs are too long, or that names two children of one
   * node alike.
   *
   * @param depth segments of its root's URI
   * @param prefix bytes of that URI before the root's own name
   */
  final void checkSubtree(short id, short depth, short prefix) {
    final short[] w = words;
    short granule = walk(id, ALL_LEVELS);
    do {
      atMost((short) (depth + w[TOP]), maxDepth, Wire.SW_TOO_DEEP);
      atMost((short) (prefix + w[PATH]), Wire.LIMIT_URI, Wire.SW_URI_TOO_LONG);
      final short slot = (short) (2 * w[TOP] - 2);
      if (slot >= 0
          && place(
                  stack[slot],
                  array(granule),
                  (short) (offset(granule) + NAME + 1),
                  get(granule, NAME))
              != (short) (stack[(short) (slot + 1)] - 1)) {
        ISOException.throwIt(Wire.SW_ALREADY_EXISTS);
      }
      granule = walkOn();
    } while (granule >= 0);
  }

  /** Begin the record of a new node; its texts are bytes of an array, its tail follows. */
  final void create(
      short id, short kind, short meta, byte[] buf, short off, short len, short tailLen) {
    header(id, allocate((short) (NAME + len + timeLen() + tailLen), false), (short) 0, kind, meta);
    write(buf, off, len);
    write(next, GENERATION_LEN, timeLen());
  }

  /**
   * Begin a new version of the node looked at, with the kind and meta noted; its tail follows.
   *
   * @param from bytes {@code from} to {@code to} of the old record make way ...
   * @param off ... for {@code len} bytes of the array from here on
   * @param spare whether the reserve may be used
   */
  final void revise(
      short id,
      byte[] buf,
      short from,
      short to,
      short off,
      short len,
      short tailLen,
      boolean spare) {
    final short[] w = words;
    final short old = granule(id);
    final short oldSize = granules(w[LEN]);
    final short rest = (short) (w[TEXTS_END] - to);
    final short kind = w[OLD_KIND];
    final short meta = w[OLD_META];
    final short verno = (short) (getShort(old, VERNO) + 1);
    final short size = (short) (from + len + rest + timeLen() + tailLen);
    header(id, allocate(size, spare), verno, kind, meta);
    pull(old, NAME, (short) (from - NAME));
    write(buf, off, len);
    pull(old, to, rest);
    write(next, GENERATION_LEN, timeLen());
    free(old, oldSize);
    // What follows must not lie right behind: between the versions of a parent that gets many
    // children, holes would never join.
    words[NEXT] = (short) 0;
  }

  /**
   * A new version of an interior node.
   *
   * @param place the child to leave out, NONE = none, ALL = all
   * @param child id of a child to append, ROOT = none
   */
  final void relink(short id, short place, short child) {
    final short old = granule(id);
    look(old);
    final short children = place == ALL ? (short) 0 : words[CHILDREN];
    final short count = (short) (children + (place < 0 ? 0 : -1) + (child == ROOT ? 0 : 1));
    short at = (short) (offset(old) + words[TAIL] + 1);
    revise(id, null, NAME, NAME, (short) 0, (short) 0, (short) (2 * count + 1), place != NONE);
    put(count);
    for (short i = 0; i < children; i++) {
      if (i != place) {
        putShort(Util.getShort(array(old), at));
      }
      at = (short) (at + 2);
    }
    if (child != ROOT) {
      putShort(child);
    }
  }

  private void header(short id, short granule, short verno, short kind, short meta) {
    setEntry(id, (short) (granule + 1));
    open(granule);
    write(next, (short) 0, GENERATION_LEN);
    putShort(verno);
    // TSTAMP is four times OPT_TIME.
    put((short) (kind & ~Wire.KIND_TSTAMP | timeLen() << 2));
    put(meta);
  }

  // Bytes of the TStamp: the flag has that very number.
  private short timeLen() {
    return (short) (words[OPTIONS] & Wire.OPT_TIME);
  }
}
