package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 6: nodes as they are found: by URI, by name, or walked with a stack in RAM (card stacks are
 * too small for recursion).
 *
 * <p>Who may do what to a node is evaluated on the way down to it: RIGHTS is the mask of verbs that
 * the principal has on the node entered last.
 */
abstract class Tree extends Store {
  static final short ALL_LEVELS = (short) 0xFF;
  private static final short VERBS = (short) (2 * Wire.VERB_REPLACE - 1);

  Tree(byte[] buf, short at, short end) {
    super(buf, at, end);
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

  /** Whether the issuer is asking. */
  final boolean issuer() {
    return principal() == Wire.PRINCIPAL_ISSUER;
  }

  /** Whether the issuer is asking, and not in commands that anybody can read (level 01). */
  final boolean trusted() {
    return issuer() && cod[LEVEL] != 1;
  }

  /** Refuse an access that is denied; the issuer may pass, for provisioning, but not to Get. */
  final void access(short denied, short access) {
    if ((denied & access) != 0 && (access == Wire.ACCESS_GET || !issuer())) {
      Memory.refuse((byte) Wire.SW_ACCESS_DENIED);
    }
  }

  /** Refuse what definition or ACL deny on the node found; a verb is the same bit in both. */
  final void allow(short verb) {
    access(words[DENIED], verb);
    right((short) (words[RIGHTS] & verb));
  }

  /** Refuse if no right is left. */
  static final void right(short rights) {
    if (rights == 0) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
  }

  /**
   * What the ACL of the node looked at gives a principal: all his entries together, 0 = he has
   * none. OTHERS are all other entries; NOTHING is where his last one is.
   */
  final short given(short who) {
    final short[] w = words;
    short mask = 0;
    w[OTHERS] = (short) 0;
    for (short at = (short) (w[ACL_AT] + 1); at < w[TEXTS_END]; at = (short) (at + 2)) {
      final short entry = getShort(w[SEEN], at);
      if ((short) (entry >> Wire.ACL_ID_SHIFT) == who) {
        mask |= entry;
        w[NOTHING] = at;
      } else {
        w[OTHERS] |= entry;
      }
    }
    return mask;
  }

  // Look at a node; its ACL, if it has one, counts from here on. What the definition wants the card
  // to have seen, and it has not, takes rights away.
  private void enter(short granule) {
    final short[] w = words;
    look(granule);
    final short mask = (short) (given(principal()) | given(Wire.PRINCIPAL_ANYBODY));
    if ((short) (mask | w[OTHERS]) != 0) {
      w[RIGHTS] = (short) (mask & VERBS);
    }
    if (w[KIND_META] < 0) {
      final short wanted = ruleOf(w[KIND_META], (short) 3);
      final short lacking = (short) (~cod[PROOF] & 15);
      if ((wanted & lacking) != 0) {
        w[RIGHTS] &= Wire.VERB_GET;
      }
      if ((wanted >> 4 & lacking) != 0) {
        w[RIGHTS] &= ~Wire.VERB_GET;
      }
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
      // Below a node without Get nothing can be got.
      w[DENIED] = (short) (w[DENIED] & Wire.ACCESS_GET | ~ruleOf(w[KIND_META], (short) 0));
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
      descend(granule, buf, name);
      at++;
    }
  }

  // Go on with the child of this name.
  private void descend(short granule, byte[] buf, short name) {
    final short[] w = words;
    w[FOUND_ABOVE] = w[FOUND_PARENT];
    w[FOUND_PARENT] = w[FOUND];
    w[PARENT_RIGHTS] = w[RIGHTS];
    w[FOUND_DEPTH]++;
    w[FOUND_PLACE] = place(granule, buf, name);
    if (w[FOUND_PLACE] < 0) {
      Memory.refuse((byte) Wire.SW_NOT_FOUND);
    }
    w[FOUND] = child(w[FOUND_PLACE]);
  }

  /** Look at a node for its child with the name L, text; returns its place or NONE. */
  final short place(short granule, byte[] buf, short off) {
    look(granule);
    // The first: so a node that was added last finds an older one.
    for (short i = 0; i < words[CHILDREN]; i++) {
      final short name = nameOf(granule(child(i)));
      // L first: so nothing behind the text is read.
      if (get(name, NAME) == buf[off]
          && Util.arrayCompare(
                  array(name), (short) (offset(name) + NAME), buf, off, (short) (buf[off] + 1))
              == 0) {
        return i;
      }
    }
    return NONE;
  }

  /** Look at a node for its child with the name in a record; returns its place or NONE. */
  final short twin(short granule, short name) {
    return place(granule, array(name), (short) (offset(name) + NAME));
  }

  /** Look at a node for its child with this id; returns its place or NONE. */
  final short placeOf(short parent, short id) {
    see(parent);
    short i = words[CHILDREN];
    while (--i >= 0 && child(i) != id) {}
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
        return push(child(child));
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
}
