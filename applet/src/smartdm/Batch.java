package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 13: one atomic batch of DM commands, run as its parts arrive.
 *
 * <p>The first byte of each part is its number, so a part that is lost, doubled or left over from a
 * batch that failed is never taken for commands. No element but a value may go on in the next part.
 */
abstract class Batch extends Changing {
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
      fresh();
    }
    do {
      step(buf);
    } while (w[AT] < end);
    w[PART] = (short) (number % 255 + 1);
    if ((buf[ISO7816.OFFSET_CLA] & Wire.CLA_CHAIN) == 0) {
      if ((short) (w[VALUE_LEFT] | w[NODES_LEFT]) != 0) {
        Memory.refuse((byte) Wire.SW_TRUNCATED);
      }
      finish();
      w[PART] = (short) 0;
      // The PIN was for this batch, and for the answer to its Gets.
      cod[PROOF] |= (byte) ((cod[PROOF] & Wire.PROOF_HOLDER) << SPENT_SHIFT);
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
    if (w[ROOTS] > 0 && (short) (w[VALUE_LEFT] | w[NODES_LEFT]) == 0) {
      // The roots of what was added are the last children of their parent.
      checkSubtrees(w[ROOTS]);
      w[ROOTS] = (short) 0;
    }
  }

  private void command(byte[] buf) {
    final short[] w = words;
    final byte tag = (byte) u8(buf);
    if ((short) (tag - Wire.CMD_ADD & ~7) != 0 || (w[LIST_LEN] > 0 && tag != Wire.CMD_GET)) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    w[INDEX]++;
    w[TAKEN] = w[SOURCE];
    w[SOURCE] = (short) 0;
    final short granule = resolve(buf, text(buf));
    switch (tag) {
      case Wire.CMD_ADD:
        add(granule, u8(buf));
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
        list(u8(buf));
        break;
      case Wire.CMD_ACL:
        acl(buf, granule);
        break;
      case Wire.CMD_TITLE:
        title(buf, granule);
        break;
      default:
        source();
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
    short flag = Wire.OPT_TIME;
    do {
      if ((flags & flag) != 0) {
        Util.arrayCopyNonAtomic(buf, skip(flag), next, (short) (flag - 1), flag);
      }
      flag <<= 1;
    } while (flag <= Wire.OPT_TAG);
  }
}
