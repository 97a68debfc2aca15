package smartdm;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 6: one atomic batch of DM commands, run as its parts arrive.
 *
 * <p>The first byte of each part is its number, so a part that is lost, doubled or left over from a
 * batch that failed is never taken for commands. No element but a value may go on in the next part.
 */
abstract class Batch extends Tree {
  Batch(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Run one part; the batch is committed when it is the last one.
   *
   * @param end offset behind its data, which begin with its number
   * @param wanted the number that it must have
   */
  final void part(byte[] buf, short end, short wanted) {
    final short[] w = words;
    w[AT] = ISO7816.OFFSET_CDATA;
    w[END] = end;
    final short number = u8(buf);
    if (number != wanted) {
      ISOException.throwIt(Wire.SW_CHAIN_BROKEN);
    }
    if (number == 0) {
      zero(OPTIONS, LIST_LEN);
    }
    while (w[AT] < end) {
      step(buf);
    }
    w[PART] = number == 0xFF ? (short) 1 : (short) (number + 1);
    if ((buf[ISO7816.OFFSET_CLA] & Wire.CLA_CHAIN) == 0) {
      if (w[OPTIONS] == 0 || (short) (w[VALUE_LEFT] | w[NODES_LEFT]) != 0) {
        ISOException.throwIt(Wire.SW_TRUNCATED);
      }
      commit(true);
      w[PART] = (short) 0;
    }
  }

  private void step(byte[] buf) {
    final short[] w = words;
    if (w[VALUE_LEFT] > 0) {
      short len = (short) (w[END] - w[AT]);
      if (len > w[VALUE_LEFT]) {
        len = w[VALUE_LEFT];
      }
      w[VALUE_LEFT] = (short) (w[VALUE_LEFT] - len);
      write(buf, skip(len), len);
    } else if (w[NODES_LEFT] > 0) {
      node(buf);
    } else {
      command(buf);
    }
    if (w[ROOT_ID] != 0 && (short) (w[VALUE_LEFT] | w[NODES_LEFT]) == 0) {
      checkSubtree(w[ROOT_ID], (short) (w[FOUND_DEPTH] + 1), w[FOUND_PATH]);
      w[ROOT_ID] = (short) 0;
    }
  }

  // The next unsigned byte.
  private short u8(byte[] buf) {
    return (short) (buf[skip((short) 1)] & 0xFF);
  }

  // Step over bytes; returns the offset of the first.
  private short skip(short len) {
    final short at = words[AT];
    words[AT] = (short) (at + len);
    atMost(words[AT], words[END], Wire.SW_TRUNCATED);
    return at;
  }

  // Step over a length byte and its text; returns the offset of the length byte.
  private short text(byte[] buf) {
    final short at = words[AT];
    skip(u8(buf));
    return at;
  }

  // Step over a Type, Title or ACL; returns its offset.
  private short property(byte[] buf) {
    final short at = text(buf);
    // 1 to 127 bytes: an empty property is left out.
    if (buf[at] <= 0) {
      ISOException.throwIt(Wire.SW_BAD_ELEMENT);
    }
    return (short) (at + 1);
  }

  private void command(byte[] buf) {
    final short[] w = words;
    final byte tag = (byte) u8(buf);
    if ((tag == Wire.CMD_OPTIONS) != (w[OPTIONS] == 0)
        || (w[LIST_LEN] > 0 && tag != Wire.CMD_GET)) {
      ISOException.throwIt(Wire.SW_BAD_ELEMENT);
    }
    if (tag == Wire.CMD_OPTIONS) {
      options(buf);
      return;
    }
    w[INDEX]++;
    final short granule = resolve(buf, text(buf));
    if (w[FOUND] == ROOT && tag == Wire.CMD_RENAME) {
      ISOException.throwIt(Wire.SW_PERMANENT);
    }
    switch (tag) {
      case Wire.CMD_ADD:
        add();
        break;
      case Wire.CMD_REPLACE:
        replace(buf);
        break;
      case Wire.CMD_DELETE:
        delete();
        break;
      case Wire.CMD_RENAME:
        rename(buf, granule);
        break;
      case Wire.CMD_GET:
        list(u8(buf));
        break;
      default:
        ISOException.throwIt(Wire.SW_BAD_ELEMENT);
    }
  }

  private void options(byte[] buf) {
    final short[] w = words;
    final short flags = u8(buf);
    // ATOMIC must be set; flags beyond TIME are not known yet.
    if ((flags & Wire.OPT_ATOMIC) == 0 || flags >= 2 * Wire.OPT_TIME) {
      ISOException.throwIt(Wire.SW_UNSUPPORTED);
    }
    w[OPTIONS] = flags;
    if ((flags & Wire.OPT_IF_GENERATION) != 0) {
      generation(staging, (short) 0);
      if (Util.arrayCompare(buf, skip(GENERATION_LEN), staging, (short) 0, GENERATION_LEN) != 0) {
        ISOException.throwIt(Wire.SW_CONFLICT);
      }
    }
    if ((flags & Wire.OPT_TIME) != 0) {
      Util.arrayCopyNonAtomic(buf, skip((short) 4), next, GENERATION_LEN, (short) 4);
    }
  }

  private void add() {
    if (words[FORMAT] != Wire.FORMAT_NODE) {
      ISOException.throwIt(Wire.SW_NOT_INTERIOR);
    }
    atMost(words[CHILDREN], (short) (Wire.LIMIT_CHILDREN - 1), Wire.SW_TOO_WIDE);
    words[LAST_ID] = ROOT;
    words[NODES_LEFT] = (short) 1;
  }

  // One node of the packed stream of an ADD, in level order: so ids are taken in ascending order,
  // and the lowest free one behind the last is the one that this node's parent names.
  private void node(byte[] buf) {
    final short[] w = words;
    final short kind = u8(buf);
    final short meta = u8(buf);
    final short name = text(buf);
    if ((byte) kind < 0 || (kind & Wire.KIND_TSTAMP) != 0) {
      ISOException.throwIt(Wire.SW_UNSUPPORTED);
    }
    Text.name(buf, name);
    type(buf, meta);
    if ((kind & Wire.KIND_TITLE) != 0) {
      property(buf);
    }
    if ((kind & Wire.KIND_ACL) != 0) {
      Text.acl(buf, property(buf), w[AT]);
    }
    // All lengths are below 80, so no character can go on behind its text.
    Text.utf8(buf, name, w[AT]);
    final short textsLen = (short) (w[AT] - name);
    final short format = (short) (kind & FORMAT_MASK);
    final short id = freeId(w[LAST_ID]);
    if (w[LAST_ID] == ROOT) {
      if (place(granule(w[FOUND]), buf, (short) (name + 1), buf[name]) >= 0) {
        ISOException.throwIt(Wire.SW_ALREADY_EXISTS);
      }
      w[ROOT_ID] = id;
      w[LAST_PROMISED] = id;
      relink(w[FOUND], NONE, id);
    }
    w[LAST_ID] = id;
    w[NODES_LEFT]--;
    final boolean interior = format == Wire.FORMAT_NODE;
    short tail = interior ? u8(buf) : valueLen(buf, format);
    if (interior) {
      atMost(tail, Wire.LIMIT_CHILDREN, Wire.SW_TOO_WIDE);
    }
    create(id, kind, meta, buf, name, textsLen, (short) (interior ? 2 * tail + 1 : tail + 1));
    put(tail);
    if (interior) {
      w[NODES_LEFT] = (short) (w[NODES_LEFT] + tail);
      while (--tail >= 0) {
        w[LAST_PROMISED] = freeId(w[LAST_PROMISED]);
        putShort(w[LAST_PROMISED]);
      }
    }
  }

  // The Type behind a meta byte, if it is not in the list of known Types.
  private void type(byte[] buf, short meta) {
    if ((byte) meta == Wire.META_INLINE) {
      property(buf);
    } else {
      atMost(meta, (short) (Wire.LIMIT_TYPES - 1), Wire.SW_UNSUPPORTED);
    }
  }

  private short valueLen(byte[] buf, short format) {
    final short len = u8(buf);
    atMost(len, Wire.LIMIT_VALUE, Wire.SW_VALUE_TOO_LARGE);
    if (format > Wire.FORMAT_FLOAT
        || format == Wire.FORMAT_NODE
        || (format == Wire.FORMAT_NULL && len > 0)) {
      ISOException.throwIt(Wire.SW_BAD_FORMAT);
    }
    words[VALUE_LEFT] = len;
    return len;
  }

  private void replace(byte[] buf) {
    final short[] w = words;
    short format = u8(buf);
    final short meta = u8(buf);
    final short type = w[AT];
    short from = w[TYPE_END];
    if (w[FORMAT] == Wire.FORMAT_NODE) {
      ISOException.throwIt(Wire.SW_NOT_LEAF);
    }
    if (format == Wire.FORMAT_KEEP) {
      format = w[FORMAT];
    } else {
      type(buf, meta);
      Text.utf8(buf, type, w[AT]);
      w[OLD_META] = meta;
      from = w[NAME_END];
    }
    w[OLD_KIND] = (short) (w[OLD_KIND] & ~FORMAT_MASK | format);
    final short typeLen = (short) (w[AT] - type);
    final short len = valueLen(buf, format);
    revise(w[FOUND], buf, from, w[TYPE_END], type, typeLen, (short) (len + 1), false);
    put(len);
  }

  // The root itself stays: to delete it is to empty the tree, for which there is always room.
  private void delete() {
    final short[] w = words;
    short granule = walk(w[FOUND], ALL_LEVELS);
    do {
      if (w[WALK_ID] != ROOT) {
        free(granule, size(granule));
        setEntry(w[WALK_ID], (short) 0);
      }
      granule = walkOn();
    } while (granule >= 0);
    relink(w[FOUND_PARENT], w[FOUND_PLACE], ROOT);
  }

  private void rename(byte[] buf, short old) {
    final short[] w = words;
    final short name = text(buf);
    Text.name(buf, name);
    Text.utf8(buf, name, w[AT]);
    final short place = place(granule(w[FOUND_PARENT]), buf, (short) (name + 1), buf[name]);
    if (place >= 0 && place != w[FOUND_PLACE]) {
      ISOException.throwIt(Wire.SW_ALREADY_EXISTS);
    }
    look(old);
    final short nameEnd = w[NAME_END];
    final short tail = w[TAIL];
    final short tailLen = (short) (w[LEN] - tail);
    revise(w[FOUND], buf, NAME, nameEnd, name, (short) (buf[name] + 1), tailLen, false);
    pull(old, tail, tailLen);
    relink(w[FOUND_PARENT], NONE, ROOT);
    checkSubtree(w[FOUND], w[FOUND_DEPTH], (short) (w[FOUND_PATH] - nameEnd + NAME));
  }

  /** Put the node that was found on the list of nodes to answer with. */
  final void list(short levels) {
    final short at = (short) (LIST + 2 * words[LIST_LEN]);
    if (words[LIST_LEN]++ == Wire.LIMIT_GETS) {
      ISOException.throwIt(Wire.SW_TOO_MANY_GETS);
    }
    words[at] = words[FOUND];
    words[(short) (at + 1)] = levels;
  }
}
