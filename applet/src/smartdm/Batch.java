package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 5: one atomic batch of DM commands, run as its parts arrive.
 *
 * <p>The first byte of each part is its number, so a part that is lost, doubled or left over from a
 * batch that failed is never taken for commands. No element but a value may go on in the next part.
 */
abstract class Batch extends Nodes {
  // A definition's id must fit a defined node's kind and meta.
  private static final short LAST_DEFINITION = (short) 511;
  // What a creator without Replace on the parent gets.
  private static final short CREATORS =
      (short) (Wire.VERB_ADD | Wire.VERB_DELETE | Wire.VERB_GET | Wire.VERB_REPLACE);
  // Of kind and meta: what a new Format and Type leave.
  private static final short KEPT_BITS = (short) 0xF000;

  Batch(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Run one part; the batch is committed when it is the last one.
   *
   * @param end offset behind its data, which begin with its number
   */
  final void part(byte[] buf, short end) {
    final short[] w = words;
    w[AT] = ISO7816.OFFSET_CDATA;
    w[END] = end;
    final short number = u8(buf);
    if ((short) ~number != w[PART]) {
      ISOException.throwIt(Wire.SW_CHAIN_BROKEN);
    }
    if (number == 0) {
      zero(OPTIONS, SOURCE);
    }
    while (w[AT] < end) {
      step(buf);
    }
    w[PART] = (short) (number % 255 + 1);
    if ((buf[ISO7816.OFFSET_CLA] & Wire.CLA_CHAIN) == 0) {
      if (w[OPTIONS] == 0 || (short) (w[VALUE_LEFT] | w[NODES_LEFT]) != 0) {
        Memory.refuse((byte) Wire.SW_TRUNCATED);
      }
      commit(true);
      w[PART] = (short) 0;
    }
  }

  private void step(byte[] buf) {
    final short[] w = words;
    w[KEPT] = granules(reserve);
    if (w[VALUE_LEFT] > 0) {
      short len = (short) (w[END] - w[AT]);
      if (len > w[VALUE_LEFT]) {
        len = w[VALUE_LEFT];
      }
      w[VALUE_LEFT] -= len;
      write(buf, skip(len), len);
    } else if (w[NODES_LEFT] > 0) {
      node(buf);
    } else if (w[OPTIONS] == 0) {
      options(buf);
    } else {
      command(buf);
    }
    if (w[ROOT_ID] != 0 && (short) (w[VALUE_LEFT] | w[NODES_LEFT]) == 0) {
      checkSubtree(w[ROOT_ID], w[FOUND], (short) (w[FOUND_DEPTH] + 1));
      w[ROOT_ID] = (short) 0;
    }
  }

  private void command(byte[] buf) {
    final short[] w = words;
    final byte tag = (byte) u8(buf);
    if (tag == Wire.CMD_OPTIONS || (w[LIST_LEN] > 0 && tag != Wire.CMD_GET)) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    w[INDEX]++;
    w[TAKEN] = w[SOURCE];
    w[SOURCE] = (short) 0;
    final short granule = resolve(buf, text(buf));
    switch (tag) {
      case Wire.CMD_ADD:
        add(granule);
        break;
      case Wire.CMD_REPLACE:
        replace(buf, granule);
        break;
      case Wire.CMD_DELETE:
        delete(granule);
        break;
      case Wire.CMD_RENAME:
        rename(buf, granule);
        break;
      case Wire.CMD_GET:
        list(granule, u8(buf));
        break;
      case Wire.CMD_ACL:
        acl(buf, granule);
        break;
      case Wire.CMD_TITLE:
        title(buf, granule);
        break;
      case Wire.CMD_SOURCE:
        source(granule);
        break;
      default:
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
  }

  private void options(byte[] buf) {
    final short[] w = words;
    if ((byte) u8(buf) != Wire.CMD_OPTIONS) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    final short flags = u8(buf);
    // ATOMIC must be set; flags beyond TAG are not known yet.
    if ((flags & Wire.OPT_ATOMIC) == 0 || flags >= 2 * Wire.OPT_TAG) {
      Memory.refuse((byte) Wire.SW_UNSUPPORTED);
    }
    w[OPTIONS] = flags;
    if ((flags & Wire.OPT_IF_GENERATION) != 0) {
      generation(staging, (short) 0);
      if (Util.arrayCompare(buf, skip(GENERATION_LEN), staging, (short) 0, GENERATION_LEN) != 0) {
        Memory.refuse((byte) Wire.SW_CONFLICT);
      }
    }
    // Time and tag are as long as their flags are great, and so is what lies before them in next.
    for (short flag = Wire.OPT_TIME; flag <= Wire.OPT_TAG; flag <<= 1) {
      if ((flags & flag) != 0) {
        Util.arrayCopyNonAtomic(buf, skip(flag), next, (short) (flag - 1), flag);
      }
    }
  }

  private void add(short granule) {
    final short[] w = words;
    if (isDefinition(granule)) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    // Below a leaf of the registry there may be pieces.
    if (w[FORMAT] != Wire.FORMAT_NODE && (w[BASE] == ROOT || w[FORMAT] != Wire.PIECES)) {
      Memory.refuse((byte) Wire.SW_NOT_INTERIOR);
    }
    Tree.right((short) (w[RIGHTS] & Wire.VERB_ADD));
    Memory.atMost(w[CHILDREN], (short) (Wire.LIMIT_CHILDREN - 1), (byte) Wire.SW_TOO_WIDE);
    w[LAST_ID] = ROOT;
    if (w[FOUND] == Wire.NODE_REGISTRY) {
      if (!issuer()) {
        ISOException.throwIt(Wire.SW_NOT_ALLOWED);
      }
      // Behind all others, so that the ids of a definition are consecutive.
      w[LAST_ID] = nodeLimit;
      while (entry(--w[LAST_ID], false) == 0) {}
    }
    w[NODES_LEFT] = (short) 1;
  }

  // One node of the packed stream of an ADD, in level order: so ids are taken in ascending order,
  // and the lowest free one behind the last is the one that this node's parent names.
  private void node(byte[] buf) {
    final short[] w = words;
    short n = skip((short) 2);
    final short texts = w[AT];
    final short kindMeta = Util.getShort(buf, n);
    final short has = Store.texts(kindMeta);
    if ((has & Wire.KIND_OWN_NAME) != 0) {
      Nodes.name(buf, text(buf));
    }
    if (w[FOUND] == Wire.NODE_REGISTRY) {
      skip(DEFINITION_LEN);
    }
    n = w[AT];
    if ((has & Wire.KIND_OWN_TYPE) != 0) {
      property(buf);
    }
    final short format = modelled(buf, kindMeta, n);
    if ((has & Wire.KIND_TITLE) != 0) {
      property(buf);
    }
    // All lengths are below 80, so no character can go on behind its text.
    Nodes.utf8(buf, texts, w[AT]);
    short textsLen = (short) (w[AT] - texts);
    if ((has & Wire.KIND_ACL) != 0) {
      n = parse(buf, text(buf));
      if (n == 1) {
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
      }
      textsLen = (short) (textsLen + n);
    }
    final short id = freeId(w[LAST_ID]);
    if (w[FOUND] == Wire.NODE_REGISTRY) {
      Memory.atMost(id, LAST_DEFINITION, (byte) Wire.SW_NO_NODE_LEFT);
    }
    short acl = 0;
    if (w[ROOT_ID] == 0) {
      acl = root(buf, texts, kindMeta, has, format);
      w[ROOT_ID] = id;
      w[LAST_PROMISED] = id;
      relink(w[FOUND], (short) 0, (short) 0, id);
    }
    w[LAST_ID] = id;
    w[NODES_LEFT]--;
    n = u8(buf);
    // Bytes of the tail before the child ids; 0 = it is a value.
    short head = 1;
    if (format != Wire.FORMAT_NODE) {
      Nodes.checkFormat(format, n);
      head = 0;
      if ((byte) n == Wire.PIECES) {
        head = 2;
        n = u8(buf);
      }
    }
    short tailLen = (short) (2 * n + head);
    if (head == 0) {
      tailLen = valueLen(n);
    } else {
      Memory.atMost(n, Wire.LIMIT_CHILDREN, (byte) Wire.SW_TOO_WIDE);
    }
    create(id, buf, texts, textsLen, kindMeta, acl, tailLen);
    if (head == 0) {
      value();
      return;
    }
    write(buf, (short) (w[AT] - head), head);
    // To take pieces frees an id, which must not happen while others are promised.
    w[TAKEN] = ROOT;
    w[NODES_LEFT] += n;
    while (--n >= 0) {
      w[LAST_PROMISED] = freeId(w[LAST_PROMISED]);
      putShort(w[LAST_PROMISED]);
    }
  }

  // Check what kind and meta say about Format, Type and definition; returns the Format.
  private short modelled(byte[] buf, short kindMeta, short type) {
    final short kind = (short) (kindMeta >> 8);
    final short model = Tree.named(kindMeta);
    if ((kind & Wire.KIND_TSTAMP) != 0) {
      Memory.refuse((byte) Wire.SW_UNSUPPORTED);
    }
    if (kind >= 0) {
      short meta = (short) (kindMeta & 0xFF);
      // There DEFINITION must be set, elsewhere it must not.
      if (words[FOUND] == Wire.NODE_REGISTRY) {
        meta ^= Wire.META_DEFINITION;
      }
      if ((meta & Wire.META_DEFINITION) != 0) {
        Memory.refuse((byte) Wire.SW_NOT_DEFINED);
      }
      Nodes.knownType(meta);
      return (short) (kind & FORMAT_MASK);
    }
    if (words[FOUND] == Wire.NODE_REGISTRY
        || model >= nodeLimit
        || !isDefinition((short) (entry(model, false) - 1))) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    final short format = format(granule(model));
    if ((format == Wire.FORMAT_NODE ? Wire.KIND_INTERIOR : (short) 0)
        != (short) (kind & Wire.KIND_INTERIOR)) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    if ((kind & Wire.KIND_OWN_TYPE) != 0) {
      furtherType(model, buf, type);
    }
    return format;
  }

  // What the root of a subtree must obey besides; returns the ACL that its creator needs, or 0.
  private short root(byte[] buf, short texts, short kindMeta, short has, short format) {
    final short[] w = words;
    final short model = Tree.named(kindMeta);
    final short parent = granule(w[FOUND]);
    access(model, Wire.ACCESS_ADD);
    if (((has & Wire.KIND_OWN_NAME) != 0 ? place(parent, buf, texts) : twin(parent, granule(model)))
            >= 0
        && w[FORMAT] == Wire.FORMAT_NODE) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
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
        : (short) (Util.getShort(cod, PRINCIPAL) << Wire.ACL_ID_SHIFT | CREATORS);
  }

  // Parse an ACL in place: entries of mask, L, ServerID become two bytes each; returns the length
  // with that of L.
  private short parse(byte[] buf, short start) {
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
      final short servers = granule(Wire.NODE_SERVERS);
      final short place = place(servers, buf, (short) (id - 1));
      if (place < 0) {
        Memory.refuse((byte) Wire.SW_UNKNOWN_SERVER);
      }
      to = Util.setShort(buf, to, (short) (child(servers, place) << Wire.ACL_ID_SHIFT | mask));
    }
    final short len = (short) (to - start);
    buf[start] = (byte) (len - 1);
    return len;
  }

  // Refuse to Replace in the registry, or what definition or ACL deny.
  private void change(short granule) {
    if (words[BASE] != ROOT) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    allow(granule, Wire.VERB_REPLACE);
  }

  private void replace(byte[] buf, short granule) {
    final short[] w = words;
    final short model = definition(granule);
    final short kind = u8(buf);
    final short meta = u8(buf);
    final short type = w[AT];
    short typeLen = 0;
    short field = NOTHING;
    // Bits of kind and meta that stay, and those that come.
    short keep = (short) -1;
    short come = 0;
    if (w[FORMAT] == Wire.FORMAT_NODE) {
      Memory.refuse((byte) Wire.SW_NOT_LEAF);
    }
    change(granule);
    short format = format(granule);
    if (kind != Wire.FORMAT_KEEP) {
      Nodes.knownType(meta);
      if ((byte) meta < 0) {
        property(buf);
      }
      Nodes.utf8(buf, type, w[AT]);
      typeLen = (short) (w[AT] - type);
      field = TYPE_AT;
      if (model == ROOT) {
        format = kind;
        keep = KEPT_BITS;
        come = (short) (kind << 8 | meta);
      } else {
        // OWN_TYPE is four times the length of 01, n.
        keep = (short) ~(Wire.KIND_OWN_TYPE << 8);
        come = (short) (typeLen << 10);
        if (kind != format) {
          Memory.refuse((byte) Wire.SW_BAD_FORMAT);
        }
        if (typeLen > 0) {
          furtherType(model, buf, type);
        } else if (meta > 0) {
          Memory.refuse((byte) Wire.SW_BAD_TYPE);
        }
      }
    }
    final short n = u8(buf);
    Nodes.checkFormat(format, n);
    final short tailLen = valueLen(n);
    prune(w[FOUND]);
    look(granule);
    w[KIND_META] = (short) (w[KIND_META] & keep | come);
    revise(w[FOUND], field, buf, type, typeLen, tailLen);
    value();
  }

  // Remember a node for the next command; pieces can be taken only from the uploads.
  private void source(short granule) {
    final short[] w = words;
    if (w[FORMAT] == Wire.FORMAT_NODE) {
      Memory.refuse((byte) Wire.SW_NOT_LEAF);
    }
    allow(granule, Wire.VERB_GET);
    if (w[FORMAT] == Wire.PIECES) {
      if (w[FOUND_PARENT] != Wire.NODE_UPLOADS) {
        Memory.refuse((byte) Wire.SW_NO_SOURCE);
      }
      Tree.right((short) (w[RIGHTS] & Wire.VERB_DELETE));
    }
    w[SOURCE] = w[FOUND];
  }

  // The root itself stays: to delete it is to empty the tree, for which there is always room.
  private void delete(short granule) {
    final short[] w = words;
    final short id = w[FOUND];
    final short model = definition(granule);
    final short gone = id == ROOT ? w[CHILDREN] : (short) 1;
    if (w[BASE] != ROOT
        && (id < Wire.PRINCIPAL_FIRST_SERVER
            || (isDefinition(granule) && w[FOUND_PARENT] != Wire.NODE_REGISTRY))) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    access(model, Wire.ACCESS_DELETE);
    // The registry is the issuer's to clear up, whatever ACLs were brought along.
    if (w[BASE] == ROOT || !issuer()) {
      Tree.right((short) (w[RIGHTS] & Wire.VERB_DELETE));
    }
    if (rule(model, (short) 2) >= Wire.DEFINITION_REQUIRED
        && count(granule(w[FOUND_PARENT]), model) == 1) {
      Memory.refuse((byte) Wire.SW_OCCURRENCE);
    }
    w[KEPT] = (short) 0;
    if (w[BASE] != ROOT) {
      forget(id);
    }
    prune(id);
    if (id != ROOT) {
      drop(id);
    }
    relink(w[FOUND_PARENT], w[FOUND_PLACE], gone, ROOT);
  }

  private void rename(byte[] buf, short granule) {
    final short[] w = words;
    final short model = definition(granule);
    if (w[FOUND] == ROOT
        || nameOf(granule) != granule
        || (rule(model, (short) 0) & Wire.ACCESS_PERMANENT) != 0) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    change(granule);
    final short name = text(buf);
    Nodes.name(buf, name);
    Nodes.utf8(buf, name, w[AT]);
    final short place = place(granule(w[FOUND_PARENT]), buf, name);
    if (place >= 0 && place != w[FOUND_PLACE]) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
    look(granule);
    w[PATH] -= (short) (w[TYPE_AT] - NAME);
    edit(w[FOUND], NAME_AT, buf, name, (short) (buf[name] + 1));
    relink(w[FOUND_PARENT], (short) 0, (short) 0, ROOT);
    checkSubtree(w[FOUND], w[FOUND_PARENT], w[FOUND_DEPTH]);
  }

  private void title(byte[] buf, short granule) {
    final short[] w = words;
    change(granule);
    final short at = text(buf);
    // LIMIT_TEXT is 127.
    if (buf[at] < 0) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    Nodes.utf8(buf, at, w[AT]);
    set(buf, TITLE_AT, (short) (Wire.KIND_TITLE << 8), at, (short) (w[AT] - at));
  }

  private void acl(byte[] buf, short granule) {
    final short[] w = words;
    if (w[BASE] != ROOT || (w[FOUND] == ROOT && !issuer())) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    if (w[FOUND] != ROOT) {
      short rights = w[PARENT_RIGHTS];
      if (w[FORMAT] == Wire.FORMAT_NODE) {
        rights |= w[RIGHTS];
      }
      Tree.right((short) (rights & Wire.VERB_REPLACE));
    }
    final short at = text(buf);
    final short len = parse(buf, at);
    if (len == 1 && w[FOUND] == ROOT) {
      Memory.refuse((byte) Wire.SW_BAD_ACL);
    }
    look(granule);
    set(buf, ACL_AT, (short) (Wire.KIND_ACL << 8), at, len);
  }
}
