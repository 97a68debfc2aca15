package smartdm;

import static smartdm.Words.*;

/** Level 12: the commands that change nodes which are there. */
abstract class Changing extends Adding {
  // Of kind and meta: what a new Format and Type leave.
  private static final short KEPT_BITS = (short) 0xF000;

  Changing(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  // Refuse to Replace in the registry, but for names and keys of principals by the issuer; or what
  // definition or ACL deny.
  private void change(short first) {
    if (words[BASE] == ROOT) {
      allow(Wire.VERB_REPLACE);
    } else if (words[FOUND_PARENT] != Wire.NODE_SERVERS || words[FOUND] < first || !trusted()) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
  }

  final void replace(byte[] buf, short granule) {
    final short[] w = words;
    final short model = w[KIND_META];
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
    change(Wire.PRINCIPAL_ISSUER);
    short format = format(model);
    if (w[BASE] != ROOT) {
      // Whatever it was: keys or a PIN from now on.
      keep = SEALED_KEEPS;
      come = SEALED;
      field = TYPE_AT;
      format = Wire.FORMAT_BIN;
      if (w[FOUND] == Wire.PRINCIPAL_HOLDER) {
        tries();
      }
    } else if (kind != Wire.FORMAT_KEEP) {
      Input.knownType(meta);
      if ((byte) meta < 0) {
        property(buf);
      }
      typeLen = (short) (w[AT] - type);
      field = TYPE_AT;
      if (model >= 0) {
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
        checkType(buf, model, meta, type);
      }
    }
    final short n = u8(buf);
    Input.checkFormat(format, n);
    final short tailLen = valueLen(n);
    prune(w[FOUND]);
    look(granule);
    w[KIND_META] = (short) (w[KIND_META] & keep | come);
    revise(w[FOUND], field, buf, type, typeLen, tailLen);
    value();
  }

  // The Type of a defined leaf: one of the further ones, or the first, which is meta 0.
  private void checkType(byte[] buf, short model, short meta, short type) {
    if ((byte) meta < 0) {
      furtherType(model, buf, type);
    } else if (meta > 0) {
      Memory.refuse((byte) Wire.SW_BAD_TYPE);
    }
  }

  /** Remember a node for the next command; pieces can be taken only from the uploads. */
  final void source() {
    final short[] w = words;
    if (w[FORMAT] == Wire.FORMAT_NODE) {
      Memory.refuse((byte) Wire.SW_NOT_LEAF);
    }
    access(w[DENIED], Wire.ACCESS_COPY);
    allow(Wire.VERB_GET);
    if (w[FORMAT] == Wire.PIECES) {
      if (w[FOUND_PARENT] != Wire.NODE_UPLOADS) {
        Memory.refuse((byte) Wire.SW_NO_SOURCE);
      }
      Tree.right((short) (w[RIGHTS] & Wire.VERB_DELETE));
    }
    w[SOURCE] = w[FOUND];
  }

  /**
   * The root itself stays: to delete it is to empty the tree, for which there is always room. As it
   * passes what definitions deny, it is the issuer's.
   */
  final void delete(short granule) {
    final short[] w = words;
    final short id = w[FOUND];
    short gone = 1;
    if (id == ROOT) {
      gone = w[CHILDREN];
      w[DENIED] = NONE;
    }
    if (w[BASE] != ROOT
        && (id < Wire.PRINCIPAL_FIRST_SERVER
            || (isDefinition(granule) && w[FOUND_PARENT] != Wire.NODE_REGISTRY))) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    access(w[DENIED], Wire.ACCESS_DELETE);
    // The registry is the issuer's to clear up, whatever ACLs were brought along.
    if (w[BASE] == ROOT || !trusted()) {
      Tree.right((short) (w[RIGHTS] & Wire.VERB_DELETE));
    }
    if (ruleOf(w[KIND_META], (short) 2) >= Wire.DEFINITION_REQUIRED
        && count(granule(w[FOUND_PARENT]), definition(granule)) == 1) {
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
    relink(w[FOUND_PARENT], w[FOUND_PLACE], gone, (short) 0);
  }

  final void rename(byte[] buf, short granule) {
    final short[] w = words;
    if (w[FOUND] == ROOT
        || nameOf(granule) != granule
        || (w[DENIED] & Wire.ACCESS_PERMANENT) == 0) {
      Memory.refuse((byte) Wire.SW_PERMANENT);
    }
    change(Wire.PRINCIPAL_FIRST_SERVER);
    final short name = text(buf);
    Input.name(buf, name);
    final short place = place(granule(w[FOUND_PARENT]), buf, name);
    if (place >= 0 && place != w[FOUND_PLACE]) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
    look(granule);
    w[PATH] -= (short) (w[TYPE_AT] - NAME);
    w[NAME_AT] = NAME;
    edit(w[FOUND], NAME_AT, buf, name, (short) (buf[name] + 1));
    relink(w[FOUND_PARENT], (short) 0, (short) 0, (short) 0);
    checkSubtrees((short) 1);
  }

  final void title(byte[] buf, short granule) {
    final short[] w = words;
    change(Wire.PRINCIPAL_FIRST_SERVER);
    final short at = text(buf);
    // LIMIT_TEXT is 127.
    if (buf[at] < 0) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    Input.utf8(buf, at);
    set(buf, TITLE_AT, (short) (Wire.KIND_TITLE << 8), at, (short) (w[AT] - at));
  }

  final void acl(byte[] buf, short granule) {
    final short[] w = words;
    if (w[BASE] != ROOT || (w[FOUND] == ROOT && !trusted())) {
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
