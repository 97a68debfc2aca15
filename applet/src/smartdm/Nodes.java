package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;

/**
 * Level 4: nodes as they are written: new records, new versions of old ones, and what is given up;
 * and the bytes of a command from which they are made.
 *
 * <p>A new version has the next generation, a VerNo one higher and the batch's time. The old record
 * is given up, but its bytes stay until the next allocation.
 */
abstract class Nodes extends Tree {
  private static final short HAS_ACL = (short) (Wire.KIND_ACL << 8);
  private static final short ROOTS = (short) (Wire.VERB_ADD | Wire.VERB_GET);
  private static final short ANYBODY = (short) (Wire.PRINCIPAL_ANYBODY << Wire.ACL_ID_SHIFT);

  Nodes(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  // The next unsigned byte.
  final short u8(byte[] buf) {
    return (short) (buf[skip((short) 1)] & 0xFF);
  }

  // Step over bytes; returns the offset of the first.
  final short skip(short len) {
    final short at = words[AT];
    words[AT] = (short) (at + len);
    Memory.atMost(words[AT], words[END], (byte) Wire.SW_TRUNCATED);
    return at;
  }

  // Step over a length byte and its text; returns the offset of the length byte.
  final short text(byte[] buf) {
    final short at = words[AT];
    skip(u8(buf));
    return at;
  }

  // Step over a Type or Title: 1 to 127 bytes, since an empty one is left out.
  final void property(byte[] buf) {
    if (buf[text(buf)] <= 0) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
  }

  /** A name but for its UTF-8: no '/', '?' or control character, not ending in '.'; or empty. */
  static void name(byte[] buf, short off) {
    byte last = 0;
    short left = (short) (buf[off] & 0xFF);
    Memory.atMost(left, Wire.LIMIT_NAME, (byte) Wire.SW_NAME_TOO_LONG);
    while (--left >= 0) {
      last = buf[++off];
      if (last == (byte) '/' || last == (byte) '?' || last == (byte) 0x7F || (last & ~0x1F) == 0) {
        Memory.refuse((byte) Wire.SW_BAD_NAME);
      }
    }
    if (last == (byte) '.') {
      Memory.refuse((byte) Wire.SW_BAD_NAME);
    }
  }

  /**
   * Well-formed UTF-8 (RFC 3629). Signed comparison is right: all bytes beyond ASCII are negative.
   */
  static void utf8(byte[] buf, short off, short end) {
    while (off < end) {
      byte lead = buf[off++];
      if (lead < 0) {
        // The first two bytes as a number tell what is too long, a surrogate or beyond 10FFFF.
        final short pair = Util.getShort(buf, (short) (off - 1));
        final short row = (short) (pair & ~0x1F);
        if (pair < (short) 0xC280
            || pair > (short) 0xF48F
            || row == (short) 0xE080
            || row == (short) 0xEDA0
            || (short) (pair & ~0x0F) == (short) 0xF080) {
          Memory.refuse((byte) Wire.SW_BAD_TEXT);
        }
        // One, two or three more bytes, 80 to BF, for Cx/Dx, Ex, Fx.
        for (lead <<= 1; lead < 0; lead <<= 1) {
          if (off >= end || buf[off++] >= (byte) 0xC0) {
            Memory.refuse((byte) Wire.SW_BAD_TEXT);
          }
        }
      }
    }
  }

  // A Type that is told, or one from the list of known ones.
  static final void knownType(short meta) {
    if ((byte) meta != Wire.META_INLINE) {
      Memory.atMost(meta, (short) (Wire.LIMIT_TYPES - 1), (byte) Wire.SW_UNSUPPORTED);
    }
  }

  static final void checkFormat(short format, short len) {
    if (format > Wire.FORMAT_FLOAT
        || format == Wire.FORMAT_NODE
        || (format == Wire.FORMAT_NULL && len > 0)) {
      Memory.refuse((byte) Wire.SW_BAD_FORMAT);
    }
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
    final short[] w = words;
    final short old = granule(id);
    final short from = w[field];
    final short to = w[(short) (field + 1)];
    final short rest = (short) (w[TEXTS_END] - to);
    final short oldSize = granules(w[LEN]);
    begin(
        id,
        (short) (from + len + rest + tailLen),
        (short) (getShort(old, VERNO) + 1),
        w[KIND_META]);
    pull(old, NAME, (short) (from - NAME));
    write(buf, off, len);
    pull(old, to, rest);
    write(next, GENERATION_LEN, timeLen());
    free(old, oldSize);
    // What follows must not lie right behind: between the versions of a parent that gets many
    // children, holes would never join.
    w[NEXT] = (short) 0;
  }

  /**
   * A new version of the node looked at, with the kind and meta noted, whose tail stays.
   *
   * @param field one of NAME_AT to ACL_AT: the field that makes way ...
   * @param off ... for {@code len} bytes of the array from here on
   */
  final void edit(short id, short field, byte[] buf, short off, short len) {
    final short old = granule(id);
    final short tail = words[TAIL];
    final short tailLen = (short) (words[LEN] - tail);
    revise(id, field, buf, off, len, tailLen);
    pull(old, tail, tailLen);
  }

  /**
   * A new version of an interior node.
   *
   * @param place of the first child to leave out
   * @param gone number of children to leave out
   * @param child id of a child to append, ROOT = none
   */
  final void relink(short id, short place, short gone, short child) {
    final short[] w = words;
    final short old = granule(id);
    look(old);
    final short tail = w[TAIL];
    final short kids = w[KIDS];
    final short cut = (short) (kids + 2 * place);
    final short rest = (short) (cut + 2 * gone);
    final short restLen = (short) (w[LEN] - rest);
    short count = (short) (w[CHILDREN] - gone);
    if (child != ROOT) {
      count++;
    }
    revise(id, NOTHING, null, (short) 0, (short) 0, (short) (kids - tail + 2 * count));
    // PIECES, if there are any.
    pull(old, tail, (short) (kids - tail - 1));
    put(count);
    pull(old, kids, (short) (cut - kids));
    pull(old, rest, restLen);
    if (child != ROOT) {
      putShort(child);
    }
  }

  private void begin(short id, short len, short verno, short kindMeta) {
    final short granule = allocate((short) (len + timeLen()));
    setEntry(id, (short) (granule + 1));
    open(granule);
    write(next, (short) 0, GENERATION_LEN);
    putShort(verno);
    // TSTAMP is four times OPT_TIME.
    putShort((short) (kindMeta & NO_TSTAMP | timeLen() << 10));
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
      look(granule(w[TAKEN]));
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
    final short granule = granule(id);
    look(granule);
    final short tail = w[TAIL];
    pull(granule, tail, (short) (w[LEN] - tail));
    w[TAKEN] = ROOT;
    if (w[FORMAT] == Wire.PIECES) {
      drop(id);
      w[KEPT] = (short) 0;
      relink(Wire.NODE_UPLOADS, placeOf(granule(Wire.NODE_UPLOADS), id), (short) 1, ROOT);
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
    free(granule, size(granule));
    setEntry(id, (short) 0);
  }

  // Before a node of the registry goes: nobody may have it as definition, and what ACLs give it
  // ends.
  final void forget(short id) {
    final short[] w = words;
    for (short i = 0; i < nodeLimit; i++) {
      final short granule = (short) (entry(i, false) - 1);
      if (granule >= 0) {
        if (definition(granule) == id) {
          Memory.refuse((byte) Wire.SW_IN_USE);
        }
        look(granule);
        short rest = 0;
        short found = 0;
        for (short at = (short) (w[ACL_AT] + 1); at < w[TEXTS_END]; at = (short) (at + 2)) {
          final short entry = getShort(granule, at);
          if ((short) (entry >> Wire.ACL_ID_SHIFT) == id) {
            found = at;
          } else {
            rest |= entry;
          }
        }
        if (found > 0) {
          // At the root Add and Get fall back to anybody when nobody else has them.
          rest = (short) (~rest & getShort(granule, found) & ROOTS | ANYBODY);
          Util.setShort(next, SINCE, i == ROOT ? rest : (short) 0);
          // The entry is the field that makes way.
          w[TITLE_AT] = found;
          w[ACL_AT] = (short) (found + 2);
          edit(i, TITLE_AT, next, SINCE, (short) 2);
          // Look at the new version.
          i--;
        }
      }
    }
  }
}
