package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISOException;
import javacard.framework.Util;

/** Level 8: the stream of nodes that READ and Get are answered with. */
abstract class Answers extends Rules {
  Answers(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /** Put the node that was found on the list of nodes to answer with. */
  final void list(short levels) {
    final short[] w = words;
    final short at = (short) (LIST + 2 * w[LIST_LEN]);
    allow(Wire.VERB_GET);
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
      look(granule);
      byte[] src = array(granule);
      short from = (short) (offset(granule) + VERNO);
      // The ids of children are shown only with all others.
      short n = (short) ((w[WITH_IDS] != 0 ? w[LEN] : w[KIDS]) - VERNO);
      // The node entered last is this one.
      if ((w[RIGHTS] & ruleOf(w[KIND_META], (short) 0) & Wire.VERB_GET) == 0) {
        // Neither content nor children.
        stack[(short) (w[TOP] + 1)] |= (short) 0xFF;
        n = withhold(granule);
        src = staging;
        from = (short) 0;
      }
      if (w[WITH_IDS] != 0) {
        if (isOld(getShort(granule, (short) 0))) {
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

  // Whether a record is not newer than the generation asked for, of which SINCE is the next one. Of
  // its own generation it has two bytes: after 65,536 commits an old one may seem new, which does
  // no harm, but never the other way.
  private boolean isOld(short generation) {
    final short coming = Util.getShort(next, (short) 1);
    return next[SINCE] == next[0]
        && (short) (coming - 1 - generation ^ (short) 0x8000)
            >= (short) (coming - Util.getShort(next, (short) (SINCE + 1)) ^ (short) 0x8000);
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
