package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISOException;
import javacard.framework.Util;

/** Level 11: ADD: subtrees that come level by level, each node as soon as its bytes are there. */
abstract class Adding extends Nodes {
  // A definition's id must fit a defined node's kind and meta.
  private static final short LAST_DEFINITION = (short) 511;
  private static final short LONGEST_RUN = (short) 15;
  // What a creator without Replace on the parent gets.
  private static final short CREATORS =
      (short) (Wire.VERB_ADD | Wire.VERB_DELETE | Wire.VERB_GET | Wire.VERB_REPLACE);

  Adding(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Begin an ADD: the parent gets its new version, with the ids that the roots will take.
   *
   * @param granule the parent's
   * @param roots number of subtrees
   */
  final void add(short granule, short roots) {
    final short[] w = words;
    if (isDefinition(granule)) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    // Below a leaf of the registry there may be pieces.
    if (w[FORMAT] != Wire.FORMAT_NODE && (w[BASE] == ROOT || w[FORMAT] != Wire.PIECES)) {
      Memory.refuse((byte) Wire.SW_NOT_INTERIOR);
    }
    Tree.right((short) (w[RIGHTS] & Wire.VERB_ADD));
    if ((short) (w[CHILDREN] + roots) > Wire.LIMIT_CHILDREN) {
      Memory.refuse((byte) Wire.SW_TOO_WIDE);
    }
    w[LAST_ID] = w[FOUND] == Wire.NODE_REGISTRY ? gap() : ROOT;
    // Two definitions at once would mix their ids.
    if (roots == 0 || (roots > 1 && w[LAST_ID] != ROOT)) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    w[LAST_PROMISED] = w[LAST_ID];
    w[ROOTS] = roots;
    w[NODES_LEFT] = roots;
    // From here on what was found is the first new node, as for a check.
    w[FOUND_PARENT] = w[FOUND];
    w[FOUND_PLACE] = w[CHILDREN];
    w[FOUND_DEPTH]++;
    relink(w[FOUND], (short) 0, (short) 0, roots);
    w[LAST_ROOT] = w[LAST_PROMISED];
    // To take pieces frees an id, which must not happen while others are promised; and it changes
    // the list of uploads.
    if (roots > 1 || w[BASE] != ROOT) {
      w[TAKEN] = ROOT;
    }
  }

  // The id behind which those of a definition are taken: in the longest gap, since they must be
  // consecutive; but not on the first pages, so that nodes added together lie on few.
  private short gap() {
    if (!trusted()) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    short found = nodeLimit;
    short longest = 0;
    short run = 0;
    short id = (short) (nodeLimit >> 3);
    do {
      run++;
      if (entry(id, false) != 0) {
        run = (short) 0;
      }
      if (run > longest) {
        longest = run;
        found = (short) (id - run);
      }
    } while (++id < nodeLimit && id <= LAST_DEFINITION);
    return found;
  }

  /**
   * One node of the packed stream of an ADD, in level order: so ids are taken in ascending order,
   * and the lowest free one behind the last is the one that this node's parent names.
   */
  final void node(byte[] buf) {
    final short[] w = words;
    final short kindMeta = Util.getShort(buf, skip((short) 2));
    final short texts = w[AT];
    final short has = Store.texts(kindMeta);
    final short format = texts(buf, kindMeta, has);
    short len = (short) (w[AT] - texts);
    if ((has & Wire.KIND_ACL) != 0) {
      // In the registry the card makes them.
      if (w[BASE] != ROOT) {
        Memory.refuse((byte) Wire.SW_PERMANENT);
      }
      final short aclLen = parse(buf, text(buf));
      if (aclLen == 1) {
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
      }
      len = (short) (len + aclLen);
    }
    final short id = freeId(w[LAST_ID]);
    // The gap may be too short.
    if (w[FOUND] == Wire.NODE_REGISTRY
        && (id > LAST_DEFINITION || id != (short) (w[LAST_ID] + 1))) {
      Memory.refuse((byte) Wire.SW_NO_NODE_LEFT);
    }
    short acl = 0;
    if (id <= w[LAST_ROOT]) {
      acl = root(kindMeta, has, format);
    }
    w[LAST_ID] = id;
    w[NODES_LEFT]--;
    record(buf, texts, len, kindMeta, acl, format);
  }

  // Step over name, definition, Type and Title; returns the Format.
  private short texts(byte[] buf, short kindMeta, short has) {
    if ((has & Wire.KIND_OWN_NAME) != 0) {
      Input.name(buf, text(buf));
    }
    if (words[FOUND] == Wire.NODE_REGISTRY) {
      skip(DEFINITION_LEN);
    }
    final short type = words[AT];
    if ((has & Wire.KIND_OWN_TYPE) != 0) {
      property(buf);
    }
    final short format = modelled(buf, kindMeta, has, type);
    if ((has & Wire.KIND_TITLE) != 0) {
      property(buf);
    }
    return format;
  }

  // Write the record of a node, but for the bytes of its value; its tail comes next.
  private void record(byte[] buf, short texts, short len, short kindMeta, short acl, short format) {
    final short[] w = words;
    short n = u8(buf);
    // Bytes of the tail before the child ids; 0 = it is a value.
    short head = 1;
    if (format != Wire.FORMAT_NODE) {
      Input.checkFormat(format, n);
      head = 0;
      if ((byte) n == Wire.PIECES) {
        head = 2;
        n = u8(buf);
      }
    }
    // Servers (2) are empty leaves, uploads (3) have no pieces yet.
    if (w[FOUND] >> 1 == 1 && (short) ((short) ((w[FOUND] & 1) << 1) ^ head | n) != 0) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    short last = w[LAST_PROMISED];
    short count = n;
    short tailLen;
    if (head == 0) {
      tailLen = valueLen(n);
    } else {
      if (n > Wire.LIMIT_CHILDREN) {
        Memory.refuse((byte) Wire.SW_TOO_WIDE);
      }
      w[TAKEN] = ROOT;
      w[NODES_LEFT] += n;
      while (--n >= 0) {
        last = freeId(last);
      }
      if (count > 0 && count <= LONGEST_RUN && (short) (w[LAST_PROMISED] + count) == last) {
        count = (short) (count + (Wire.ID_RUN & 0xFF));
      }
      tailLen = (short) (2 * ids(count) + head);
    }
    create(w[LAST_ID], buf, texts, len, kindMeta, acl, tailLen);
    if (head == 0) {
      value();
    } else {
      // PIECES, if there are any.
      write(buf, (short) (w[AT] - head), (short) (head - 1));
      put(count);
      promise(ids(count));
      w[LAST_PROMISED] = last;
    }
  }

  // Check what kind and meta say about Format, Type and definition; returns the Format.
  private short modelled(byte[] buf, short kindMeta, short has, short type) {
    final short format;
    if ((kindMeta & (short) (Wire.KIND_TSTAMP << 8)) != 0) {
      Memory.refuse((byte) Wire.SW_UNSUPPORTED);
    }
    if (kindMeta >= 0) {
      short meta = (short) (kindMeta & 0xFF);
      // There DEFINITION must be set, elsewhere it must not.
      if (words[FOUND] == Wire.NODE_REGISTRY) {
        meta ^= Wire.META_DEFINITION;
      }
      if ((meta & Wire.META_DEFINITION) != 0) {
        Memory.refuse((byte) Wire.SW_NOT_DEFINED);
      }
      Input.knownType(meta);
      return format(kindMeta);
    }
    final short model = Tree.named(kindMeta);
    if (words[FOUND] == Wire.NODE_REGISTRY
        || model >= nodeLimit
        || !isDefinition((short) (entry(model, false) - 1))) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    // The root of an object asks for Add wherever it comes, also inside of what may be added.
    if (placeOf(Wire.NODE_REGISTRY, model) >= 0) {
      access((short) ~ruleOf(kindMeta, (short) 0), Wire.ACCESS_ADD);
    }
    format = format(kindMeta);
    if ((format == Wire.FORMAT_NODE ? Wire.KIND_INTERIOR : (short) 0)
        != (short) (has & Wire.KIND_INTERIOR)) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    if ((has & Wire.KIND_OWN_TYPE) != 0) {
      furtherType(kindMeta, buf, type);
    }
    return format;
  }

  // What the root of a subtree must obey besides; returns the ACL that its creator needs, or 0.
  private short root(short kindMeta, short has, short format) {
    final short[] w = words;
    access((short) ~ruleOf(kindMeta, (short) 0), Wire.ACCESS_ADD);
    // An upload is its maker's, also the issuer's.
    if (w[FOUND] != Wire.NODE_UPLOADS) {
      if ((w[RIGHTS] & Wire.VERB_REPLACE) != 0) {
        return (short) 0;
      }
      if (format != Wire.FORMAT_NODE) {
        Tree.right((short) (~has & Wire.KIND_ACL));
        return (short) 0;
      }
    }
    return (has & Wire.KIND_ACL) != 0
        ? (short) 0
        : (short) (principal() << Wire.ACL_ID_SHIFT | CREATORS);
  }

  /**
   * Parse an ACL in place: entries of mask, L, ServerID become two bytes each; returns the length
   * with that of L.
   */
  final short parse(byte[] buf, short start) {
    final short end = words[AT];
    short at = (short) (start + 1);
    short to = at;
    while (at < end) {
      final short mask = buf[at];
      at += 2;
      final short id = at;
      at += buf[(short) (id - 1)];
      if (mask <= 0 || mask >= 2 * Wire.VERB_REPLACE || at <= id || at > end) {
        Memory.refuse((byte) Wire.SW_BAD_ACL);
      }
      final short place = place(granule(Wire.NODE_SERVERS), buf, (short) (id - 1));
      if (place < 0) {
        Memory.refuse((byte) Wire.SW_UNKNOWN_SERVER);
      }
      to = Util.setShort(buf, to, (short) (child(place) << Wire.ACL_ID_SHIFT | mask));
    }
    final short len = (short) (to - start);
    buf[start] = (byte) (len - 1);
    return len;
  }
}
