package smartdm;

import static smartdm.Words.*;

/** Level 7: what a subtree must obey once it is complete, most of all its definition. */
abstract class Rules extends Tree {
  // Of kind and meta: all but TSTAMP; those of a piece of a value.
  static final short NO_TSTAMP = (short) ~(Wire.KIND_TSTAMP << 8);
  private static final short PIECE = (short) (Wire.FORMAT_BIN << 8);

  Rules(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * Refuse subtrees that are too deep, whose URIs are too long, that name two children of one node
   * alike, or that break their definition. FOUND_PARENT, FOUND_PLACE and FOUND_DEPTH tell which is
   * the first; PATH is that of the parent.
   *
   * @param count of subtrees, side by side
   */
  final void checkSubtrees(short count) {
    final short[] w = words;
    stack[0] = granule(w[FOUND_PARENT]);
    stack[1] = w[FOUND_PLACE];
    w[TOP] = (short) 0;
    w[LEVELS] = NONE;
    while (true) {
      final short granule = walkOn();
      final short slot = (short) (w[TOP] - 2);
      if (slot == 0) {
        count--;
      }
      if (slot < 0 || count < 0) {
        return;
      }
      Memory.atMost((short) (w[FOUND_DEPTH] + (slot >> 1)), maxDepth, (byte) Wire.SW_TOO_DEEP);
      checkNode(granule, stack[slot], (short) ((stack[(short) (slot + 1)] & 0xFF) - 1));
    }
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
    Memory.atMost(w[PATH], Wire.LIMIT_URI, (byte) Wire.SW_URI_TOO_LONG);
    if (twin != place) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
    final boolean definition = isDefinition(granule);
    // A placeholder has none.
    if (len == 0 && (w[TOP] == 2 || !definition)) {
      Memory.refuse((byte) Wire.SW_BAD_NAME);
    }
    if (!definition) {
      checkDefinition(granule, parent, name);
    }
  }

  // A node below one with definitions must have one of these; any other may be the root of an MO.
  private void checkDefinition(short granule, short parent, short name) {
    final short id = definition(granule);
    short scope = definition(parent);
    if (scope != ROOT) {
      see(scope);
    }
    if (scope == ROOT || words[CHILDREN] == 0) {
      if (id == ROOT) {
        return;
      }
      scope = Wire.NODE_REGISTRY;
    }
    final short rules = granule(scope);
    // The placeholder's nodes do not take the name of another definition.
    if (placeOf(scope, id) < 0
        || (name == granule
            ? scope != Wire.NODE_REGISTRY
                && (get(granule(id), NAME) != 0 || twin(rules, granule) >= 0)
            : scope == Wire.NODE_REGISTRY)) {
      Memory.refuse((byte) Wire.SW_NOT_DEFINED);
    }
    scope = ruleOf(getShort(granule, KIND), (short) 1);
    if (scope > 0) {
      Memory.atMost(count(parent, id), scope, (byte) Wire.SW_OCCURRENCE);
    }
  }

  /** The Format of a node: its own, or that of its definition. */
  final short format(short kindMeta) {
    if (kindMeta < 0) {
      kindMeta = getShort(granule(named(kindMeta)), KIND);
    }
    return (short) (kindMeta >> 8 & FORMAT_MASK);
  }

  /** Refuse a Type that is not one of the definition's further ones: 01, its number. */
  final void furtherType(short kindMeta, byte[] buf, short off) {
    final short number = buf[(short) (off + 1)];
    if (buf[off] != 1
        || number <= 0
        || number > (short) (ruleOf(kindMeta, (short) 2) & ~Wire.DEFINITION_REQUIRED)) {
      Memory.refuse((byte) Wire.SW_BAD_TYPE);
    }
  }

  /** How many children of a node have a definition. */
  final short count(short parent, short id) {
    look(parent);
    short n = 0;
    short i = words[CHILDREN];
    while (--i >= 0) {
      if (definition(granule(child(i))) == id) {
        n++;
      }
    }
    return n;
  }
}
