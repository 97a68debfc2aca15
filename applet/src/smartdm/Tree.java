package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 3: nodes as they are read: found by URI, walked with a stack in RAM (card stacks are too
 * small for recursion), held to their definitions, and answered as a stream.
 *
 * <p>Who may do what to a node is evaluated on the way down to it: RIGHTS is the mask of verbs that
 * the principal has on the node entered last.
 */
abstract class Tree extends Store {
  static final short ROOT = Wire.NODE_ROOT;
  static final short ALL_LEVELS = (short) 0xFF;
  // What rules a node without a definition: every access, not PERMANENT and not REQUIRED.
  private static final short UNRULED = (short) 0x3F;
  private static final short DEFINITION_ID = (short) 0x01FF;
  private static final short VERBS = (short) (2 * Wire.VERB_REPLACE - 1);
  // Of kind and meta: all but TSTAMP; those of a piece of a value.
  static final short NO_TSTAMP = (short) ~(Wire.KIND_TSTAMP << 8);
  private static final short PIECE = (short) (Wire.FORMAT_BIN << 8);

  Tree(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /** The definition that a kind and meta byte name, or ROOT. */
  static final short named(short kindMeta) {
    return kindMeta < 0 ? (short) (kindMeta & DEFINITION_ID) : ROOT;
  }

  /** The definition of a node, or ROOT. */
  final short definition(short granule) {
    return named(getShort(granule, KIND));
  }

  /** Whether there is a record and it is a definition. */
  final boolean isDefinition(short granule) {
    return granule >= 0
        && (short) (getShort(granule, KIND) & IS_DEFINITION) == Wire.META_DEFINITION;
  }

  /** The record that holds a node's name: its own or its definition's. */
  final short nameOf(short granule) {
    final short definition = definition(granule);
    return definition == ROOT || (get(granule, KIND) & Wire.KIND_OWN_NAME) != 0
        ? granule
        : granule(definition);
  }

  /** A byte behind the name of a definition: 0 access, 1 maximum, 2 types; for ROOT everything. */
  final short rule(short definition, short which) {
    if (definition == ROOT) {
      return UNRULED;
    }
    final short granule = granule(definition);
    return get(granule, (short) (NAME + 1 + get(granule, NAME) + which));
  }

  /** Whether the issuer is asking. */
  final boolean issuer() {
    return Util.getShort(cod, PRINCIPAL) == Wire.PRINCIPAL_ISSUER;
  }

  /** Refuse what a definition denies; the issuer may pass, for provisioning, but not to Get. */
  final void access(short definition, short access) {
    if ((rule(definition, (short) 0) & access) == 0 && (access == Wire.ACCESS_GET || !issuer())) {
      Memory.refuse((byte) Wire.SW_ACCESS_DENIED);
    }
  }

  /** Refuse what definition or ACL deny on the node found; a verb is the same bit in both. */
  final void allow(short granule, short verb) {
    access(definition(granule), verb);
    right((short) (words[RIGHTS] & verb));
  }

  /** Refuse if no right is left. */
  static final void right(short rights) {
    if (rights == 0) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
  }

  // Look at a node; its ACL, if it has one, counts from here on.
  private void enter(short granule) {
    final short[] w = words;
    short mask = 0;
    short any = 0;
    final short principal = Util.getShort(cod, PRINCIPAL);
    look(granule);
    for (short at = (short) (w[ACL_AT] + 1); at < w[TEXTS_END]; at = (short) (at + 2)) {
      final short entry = getShort(granule, at);
      final short who = (short) (entry >> Wire.ACL_ID_SHIFT);
      any |= entry;
      if (who == Wire.PRINCIPAL_ANYBODY || who == principal) {
        mask |= entry;
      }
    }
    if (any != 0) {
      w[RIGHTS] = (short) (mask & VERBS);
    }
  }

  /**
   * Find a node and look at it; leaves its id, parent, place, depth, PATH and the rights on it in
   * RAM.
   *
   * @param at offset of the URI's length byte; an empty URI is the root, '?' the registry
   * @return the granule of its record
   */
  final short resolve(byte[] buf, short at) {
    final short[] w = words;
    short len = (short) (buf[at++] & 0xFF);
    Memory.atMost(len, Wire.LIMIT_URI, (byte) Wire.SW_URI_TOO_LONG);
    zero(FOUND_PARENT, BASE);
    if (len == 0) {
      len = NONE;
    } else if (buf[at] == (byte) '?') {
      w[BASE] = Wire.NODE_REGISTRY;
    }
    w[PATH] = len;
    w[FOUND] = w[BASE];
    w[RIGHTS] = (short) 0;
    final short end = (short) (at + len);
    // Behind "?" and "/".
    at += (short) (2 * w[BASE]);
    while (true) {
      final short granule = granule(w[FOUND]);
      enter(granule);
      if (at > end) {
        return granule;
      }
      // The length of a segment takes the place of what is before it.
      final short name = (short) (at - 1);
      while (at < end && buf[at] != (byte) '/') {
        at++;
      }
      len = (short) (at - name - 1);
      buf[name] = (byte) len;
      if (len == 0 || buf[(short) (at - 1)] == (byte) '.') {
        Memory.refuse((byte) Wire.SW_BAD_NAME);
      }
      w[FOUND_PARENT] = w[FOUND];
      w[PARENT_RIGHTS] = w[RIGHTS];
      w[FOUND_DEPTH]++;
      w[FOUND_PLACE] = place(granule, buf, name);
      if (w[FOUND_PLACE] < 0) {
        Memory.refuse((byte) Wire.SW_NOT_FOUND);
      }
      w[FOUND] = child(granule, w[FOUND_PLACE]);
      at++;
    }
  }

  /** Look at a node for its child with the name L, text; returns its place or NONE. */
  final short place(short granule, byte[] buf, short off) {
    look(granule);
    short i = words[CHILDREN];
    while (--i >= 0) {
      final short name = nameOf(granule(child(granule, i)));
      final short at = (short) (offset(name) + NAME);
      // L first: so nothing behind the text is read.
      if (get(name, NAME) == buf[off]
          && Util.arrayCompare(array(name), at, buf, off, (short) (buf[off] + 1)) == 0) {
        break;
      }
    }
    return i;
  }

  /** Look at a node for its child with the name in a record; returns its place or NONE. */
  final short twin(short granule, short name) {
    return place(granule, array(name), (short) (offset(name) + NAME));
  }

  /** Look at a node for its child with this id; returns its place or NONE. */
  final short placeOf(short granule, short id) {
    look(granule);
    short i = words[CHILDREN];
    while (--i >= 0 && child(granule, i) != id) {}
    return i;
  }

  /** Begin a pre-order walk at a node, on which RIGHTS are known; returns its granule. */
  final short walk(short id, short levels) {
    words[TOP] = (short) -2;
    words[LEVELS] = (short) (2 * levels);
    return push(id);
  }

  /** Go to the next node of the walk; returns its granule or NONE. Pieces follow at any level. */
  final short walkOn() {
    final short[] w = words;
    while (w[TOP] >= 0) {
      final short granule = stack[w[TOP]];
      look(granule);
      final short progress = (short) (w[TOP] + 1);
      final short child = (short) (stack[progress] & 0xFF);
      if ((w[TOP] != w[LEVELS] || w[FORMAT] != Wire.FORMAT_NODE) && child < w[CHILDREN]) {
        w[RIGHTS] = (short) (stack[progress]++ >> 8);
        return push(child(granule, child));
      }
      w[PATH] = (short) (w[PATH] - 1 - get(nameOf(granule), NAME));
      w[TOP] -= 2;
    }
    return NONE;
  }

  private short push(short id) {
    final short[] w = words;
    final short granule = granule(id);
    w[WALK_ID] = id;
    enter(granule);
    w[PATH] = (short) (w[PATH] + 1 + get(nameOf(granule), NAME));
    final short top = (short) (w[TOP] + 2);
    w[TOP] = top;
    Memory.atMost(top, (short) (2 * maxDepth), (byte) Wire.SW_TOO_DEEP);
    stack[top] = granule;
    stack[(short) (top + 1)] = (short) (w[RIGHTS] << 8);
    return granule;
  }

  /**
   * Refuse a subtree that is too deep, whose URIs are too long, that names two children of one node
   * alike, or that breaks its definition.
   *
   * @param id the node it begins with; PATH is what resolve() made it
   * @param parent the id of that node's parent
   * @param depth segments of the URI of that node
   */
  final void checkSubtree(short id, short parent, short depth) {
    final short[] w = words;
    short granule = walk(id, ALL_LEVELS);
    do {
      Memory.atMost((short) (depth + (w[TOP] >> 1)), maxDepth, (byte) Wire.SW_TOO_DEEP);
      Memory.atMost(w[PATH], Wire.LIMIT_URI, (byte) Wire.SW_URI_TOO_LONG);
      final short slot = (short) (w[TOP] - 2);
      if (slot < 0) {
        checkNode(granule, granule(parent), NONE);
      } else {
        checkNode(granule, stack[slot], (short) ((stack[(short) (slot + 1)] & 0xFF) - 1));
      }
      granule = walkOn();
    } while (granule >= 0);
  }

  private void checkNode(short granule, short parent, short place) {
    final short[] w = words;
    final short name = nameOf(granule);
    final short len = get(name, NAME);
    final short twin = twin(parent, name);
    if (w[FORMAT] != Wire.FORMAT_NODE) {
      look(granule);
      if ((short) (len | (short) (w[KIND_META] & NO_TSTAMP) ^ PIECE) != 0
          || w[FORMAT] == Wire.PIECES) {
        Memory.refuse((byte) Wire.SW_BAD_FORMAT);
      }
      return;
    }
    if (place >= 0 && twin != place) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
    final boolean definition = isDefinition(granule);
    // A placeholder has none.
    if (len == 0 && (place < 0 || !definition)) {
      Memory.refuse((byte) Wire.SW_BAD_NAME);
    }
    if (!definition) {
      checkDefinition(granule, parent, name == granule);
    }
  }

  // A node below one with definitions must have one of these; any other may be the root of an MO.
  private void checkDefinition(short granule, short parent, boolean own) {
    final short id = definition(granule);
    short scope = definition(parent);
    if (scope != ROOT) {
      look(granule(scope));
    }
    if (scope == ROOT || words[CHILDREN] == 0) {
      if (id == ROOT) {
        return;
      }
      scope = Wire.NODE_REGISTRY;
    }
    final short rules = granule(scope);
    // The placeholder's nodes do not take the name of another definition.
    if (placeOf(rules, id) < 0
        || (own
            ? scope != Wire.NODE_REGISTRY
                && (get(granule(id), NAME) != 0 || twin(rules, granule) >= 0)
            : scope == Wire.NODE_REGISTRY)) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    scope = rule(id, (short) 1);
    if (scope > 0) {
      Memory.atMost(count(parent, id), scope, (byte) Wire.SW_OCCURRENCE);
    }
  }

  /** The Format of a node: its own, or that of its definition. */
  final short format(short granule) {
    final short definition = definition(granule);
    return (short) (get(definition == ROOT ? granule : granule(definition), KIND) & FORMAT_MASK);
  }

  /** Refuse a Type that is not one of the definition's further ones: 01, its number. */
  final void furtherType(short definition, byte[] buf, short off) {
    final short number = buf[(short) (off + 1)];
    if (buf[off] != 1
        || number <= 0
        || number > (short) (rule(definition, (short) 2) & ~Wire.DEFINITION_REQUIRED)) {
      Memory.refuse((byte) Wire.SW_BAD_TYPE);
    }
  }

  /** How many children of a node have a definition. */
  final short count(short parent, short id) {
    look(parent);
    short n = 0;
    short i = words[CHILDREN];
    while (--i >= 0) {
      if (definition(granule(child(parent, i))) == id) {
        n++;
      }
    }
    return n;
  }

  /** Put the node that was found on the list of nodes to answer with. */
  final void list(short granule, short levels) {
    final short[] w = words;
    final short at = (short) (LIST + 2 * w[LIST_LEN]);
    allow(granule, Wire.VERB_GET);
    if (w[LIST_LEN]++ == Wire.LIMIT_GETS) {
      Memory.refuse((byte) Wire.SW_TOO_MANY_GETS);
    }
    w[at] = w[FOUND];
    w[(short) (at + 1)] = (short) (w[RIGHTS] << 8 | levels);
  }

  /** Begin the stream; returns the offset behind its header. */
  final short begin(byte[] buf) {
    words[ANSWER] = (short) 1;
    words[CURSOR] = (short) (next[2] - 1 << 8);
    words[LIST_AT] = (short) 0;
    nextSubtree();
    // IDS is four times 1.
    buf[0] = (byte) (Wire.STREAM_COUNTED | words[WITH_IDS] << 2);
    return generation(buf, (short) 1);
  }

  /**
   * Check that the next part is the one that the host means.
   *
   * @param wanted low byte of the generation, part number
   */
  final void proceed(short wanted) {
    if (words[ANSWER] == 0 || wanted != ++words[CURSOR]) {
      words[ANSWER] = (short) 0;
      ISOException.throwIt(Wire.SW_NO_CURSOR);
    }
  }

  /**
   * Fill the rest of an answer; closes the stream when it is complete.
   *
   * @return the offset behind the last byte
   */
  final short fill(byte[] buf, short at, short limit) {
    final short[] w = words;
    while (w[ANSWER] != 0 && at < limit) {
      final short granule = stack[w[TOP]];
      final short progress = (short) (w[TOP] + 1);
      look(granule);
      byte[] src = array(granule);
      short from = (short) (offset(granule) + VERNO);
      // The ids of children are shown only with all others.
      short n = (short) ((w[WITH_IDS] != 0 ? w[LEN] : w[KIDS]) - VERNO);
      if (withheld(granule, (short) (stack[progress] >> 8))) {
        // Neither content nor children.
        stack[progress] |= (short) 0xFF;
        n = withhold(granule);
        src = staging;
        from = (short) 0;
      }
      if (w[WITH_IDS] != 0) {
        if (Util.arrayCompare(array(granule), offset(granule), next, SINCE, GENERATION_LEN) <= 0) {
          n = (short) 0;
        } else if (w[ITEM_OFF] == 0) {
          // At least a byte must follow, so that the id is not sent again.
          if ((short) (at + 3) > limit) {
            break;
          }
          at = Util.setShort(buf, at, w[WALK_ID]);
        }
      }
      from += w[ITEM_OFF];
      n -= w[ITEM_OFF];
      final short over = (short) (at + n - limit);
      if (over > 0) {
        n -= over;
        w[ITEM_OFF] += n;
      }
      at = Util.arrayCopyNonAtomic(src, from, buf, at, n);
      if (over <= 0) {
        w[ITEM_OFF] = (short) 0;
        if (walkOn() < 0) {
          nextSubtree();
        }
      }
    }
    return at;
  }

  private boolean withheld(short granule, short rights) {
    return (rights & rule(definition(granule), (short) 0) & Wire.VERB_GET) == 0;
  }

  // What is shown of a node that may not be read: VerNo, WITHHELD, 00, L, name; returns its length.
  private short withhold(short granule) {
    final short name = nameOf(granule);
    Util.setShort(staging, (short) 0, getShort(granule, VERNO));
    Util.setShort(staging, (short) 2, (short) (Wire.FORMAT_WITHHELD << 8));
    return Util.arrayCopyNonAtomic(
        array(name),
        (short) (offset(name) + NAME),
        staging,
        (short) 4,
        (short) (get(name, NAME) + 1));
  }

  private void nextSubtree() {
    final short[] w = words;
    final short at = (short) (LIST + 2 * w[LIST_AT]);
    w[ITEM_OFF] = (short) 0;
    if (w[LIST_AT]++ == w[LIST_LEN]) {
      w[ANSWER] = (short) 0;
    } else {
      w[RIGHTS] = (short) (w[(short) (at + 1)] >> 8);
      walk(w[at], (short) (w[(short) (at + 1)] & 0xFF));
    }
  }
}
