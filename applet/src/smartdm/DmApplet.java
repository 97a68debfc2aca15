package smartdm;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * The top: install, select, and the dispatcher that every command passes: class, rule, principal,
 * then one line for each instruction.
 */
public final class DmApplet extends Batch {
  private static final short LONGEST_ANSWER = (short) 256;
  // The root: an interior node without a name; anybody may add to it and read it.
  private static final byte[] ROOT_TEXTS = {0, 3, Wire.VERB_ADD | Wire.VERB_GET, 1, (byte) '*'};
  private static final byte[] FCI = {
    0x6F,
    48,
    (byte) 0x84,
    7,
    (byte) 0xF0,
    0x53,
    0x4D,
    0x44,
    0x4D,
    1,
    1,
    (byte) 0xA5,
    37,
    Wire.SELECT_VERSION,
    2,
    Wire.VERSION_MAJOR,
    Wire.VERSION_MINOR,
    Wire.SELECT_STATE,
    1,
    3,
    Wire.SELECT_LIMITS,
    6,
    0,
    (byte) Wire.LIMIT_NAME,
    (byte) Wire.LIMIT_URI,
    (byte) Wire.LIMIT_CHILDREN,
    0,
    (byte) Wire.LIMIT_VALUE,
    Wire.SELECT_CAPABILITIES,
    2,
    0,
    0,
    Wire.SELECT_GENERATION,
    3,
    0,
    0,
    0,
    Wire.SELECT_SPACE,
    5,
    0,
    0,
    0,
    0,
    0,
    Wire.SELECT_NODES,
    4,
    0,
    0,
    0,
    0
  };
  private static final short FCI_DEPTH = (short) 22;
  private static final short FCI_GENERATION = (short) 34;

  private DmApplet(byte[] buf, short at, short end) {
    super(buf, at, end);
    create(
        ROOT,
        (short) (Wire.FORMAT_NODE | Wire.KIND_ACL),
        (short) 0,
        ROOT_TEXTS,
        (short) 0,
        (short) ROOT_TEXTS.length,
        (short) 1);
    put((short) 0);
    commit(true);
  }

  /**
   * Called by the card's runtime.
   *
   * @param buf LV instance AID, LV control information, LV install parameters
   */
  public static void install(byte[] buf, short off, byte len) {
    final short control = (short) (off + 1 + buf[off]);
    final short params = (short) (control + 1 + buf[control]);
    new DmApplet(buf, (short) (params + 1), (short) (params + 1 + buf[params]))
        .register(buf, (short) (off + 1), buf[off]);
  }

  public boolean select() {
    abort();
    return true;
  }

  public void deselect() {
    abort();
  }

  public void process(APDU apdu) {
    final short[] w = words;
    final byte[] buf = apdu.getBuffer();
    final byte ins = buf[ISO7816.OFFSET_INS];
    load();
    if (selectingApplet()) {
      apdu.setOutgoingAndSend((short) 0, info(buf));
      return;
    }
    short part = w[PART];
    if (part < 0 || (part > 0 && ins != Wire.INS_BATCH)) {
      abort();
      if (part > 0) {
        ISOException.throwIt(Wire.SW_CHAIN_BROKEN);
      }
      part = (short) 0;
    }
    if (ins != Wire.INS_READ_NEXT) {
      w[ANSWER] = (short) 0;
    }
    // Until this part is done, no further one will do: whatever goes wrong breaks the chain.
    if (ins == Wire.INS_BATCH) {
      w[PART] = NONE;
    }
    run(ins, apdu, buf, part, guard(buf[ISO7816.OFFSET_CLA], ins));
  }

  private void run(byte ins, APDU apdu, byte[] buf, short part, short leastLc) {
    final short p1p2 = Util.getShort(buf, ISO7816.OFFSET_P1);
    if (ins == Wire.INS_READ_NEXT) {
      proceed(p1p2);
      answer(apdu, buf, (short) 0);
      return;
    }
    // READ has its levels in P1.
    if ((short) (p1p2 & (ins == Wire.INS_READ ? (short) 0xFF : (short) -1)) != 0) {
      ISOException.throwIt(Wire.SW_WRONG_P1P2);
    }
    final short end = receive(apdu, buf, leastLc);
    if (ins == Wire.INS_READ) {
      if ((short) ((buf[ISO7816.OFFSET_CDATA] & 0xFF) + ISO7816.OFFSET_CDATA + 1) != end) {
        ISOException.throwIt(Wire.SW_WRONG_LENGTH);
      }
      resolve(buf, ISO7816.OFFSET_CDATA);
      words[LIST_LEN] = (short) 0;
      list((short) (buf[ISO7816.OFFSET_P1] & 0xFF));
    } else {
      batch(apdu, buf, end, part);
    }
    if (words[LIST_LEN] > 0 && words[PART] == 0) {
      answer(apdu, buf, begin(buf));
    }
  }

  // Check class, instruction and principal by the rule table; returns the smallest Lc.
  private short guard(byte cla, byte ins) {
    if ((byte) (cla & ~Wire.CLA_CHAIN) != Wire.CLA_PLAIN) {
      ISOException.throwIt(Wire.SW_CLA_UNKNOWN);
    }
    final short rule = (short) ((short) (ins - Wire.INS_FIRST) * Wire.RULE_SIZE);
    if (rule < 0 || rule >= (short) Wire.RULES.length) {
      ISOException.throwIt(Wire.SW_INS_UNKNOWN);
    }
    if (Wire.RULES[rule] > cod[PRINCIPAL]) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    if ((cla & Wire.CLA_CHAIN) != 0 && Wire.RULES[(short) (rule + 2)] == 0) {
      ISOException.throwIt(Wire.SW_NOT_CHAINABLE);
    }
    return Wire.RULES[(short) (rule + 1)];
  }

  // Receive all data of a short APDU; returns the offset behind it.
  private static short receive(APDU apdu, byte[] buf, short leastLc) {
    final short len = (short) (buf[ISO7816.OFFSET_LC] & 0xFF);
    short got = apdu.setIncomingAndReceive();
    short more = got;
    while (got < len && more > 0) {
      more = apdu.receiveBytes((short) (ISO7816.OFFSET_CDATA + got));
      got = (short) (got + more);
    }
    if (got != len || len < leastLc) {
      ISOException.throwIt(Wire.SW_WRONG_LENGTH);
    }
    return (short) (ISO7816.OFFSET_CDATA + len);
  }

  // When free memory lay in pieces it is gathered, and the host asked to send the batch again.
  private void batch(APDU apdu, byte[] buf, short end, short part) {
    short sw;
    try {
      part(buf, end, part);
      return;
    } catch (ISOException refusal) {
      sw = refusal.getReason();
    }
    abort();
    if (sw == Wire.SW_SEND_AGAIN && !gather(words[NEED])) {
      sw = Wire.SW_CARD_FULL;
    }
    if (sw == Wire.SW_CHAIN_BROKEN || sw == Wire.SW_STORE_DAMAGED || sw == Wire.SW_SEND_AGAIN) {
      ISOException.throwIt(sw);
    }
    words[NEED] = (short) 0;
    Util.setShort(buf, (short) 0, words[INDEX]);
    Util.setShort(buf, (short) 2, sw);
    apdu.setOutgoingAndSend((short) 0, (short) 4);
    ISOException.throwIt(Wire.SW_BATCH_FAILED);
  }

  // Send the next part of the stream; its header, if it has one, is in the buffer.
  private void answer(APDU apdu, byte[] buf, short at) {
    short room = apdu.setOutgoing();
    if (room <= 0 || room > LONGEST_ANSWER) {
      room = LONGEST_ANSWER;
    }
    at = fill(buf, at, room);
    apdu.setOutgoingLength(at);
    apdu.sendBytes((short) 0, at);
    if (words[ANSWER] != 0) {
      ISOException.throwIt(Wire.SW_MORE);
    }
  }

  // The SELECT answer: versions, limits, free space, generation; nothing that names the subscriber.
  private short info(byte[] buf) {
    // Free space and the number of nodes are exact only after a rebuild.
    rebuild();
    short free = (short) (words[FREE] - granules(reserve));
    if (free < 0) {
      free = (short) 0;
    }
    Util.arrayCopyNonAtomic(FCI, (short) 0, buf, (short) 0, (short) FCI.length);
    buf[FCI_DEPTH] = (byte) maxDepth;
    short at = (short) (generation(buf, FCI_GENERATION) + 2);
    at = Util.setShort(buf, at, (short) (free << shift));
    buf[at++] = (byte) arenaKib;
    at = (short) (Util.setShort(buf, at, reserve) + 2);
    at = Util.setShort(buf, at, words[NODES]);
    return Util.setShort(buf, at, nodeLimit);
  }

  /** Begin the stream; returns the offset behind its header. */
  private short begin(byte[] buf) {
    words[ANSWER] = (short) 1;
    words[CURSOR] = (short) (next[2] - 1 << 8);
    words[LIST_AT] = (short) 0;
    nextSubtree();
    buf[0] = Wire.STREAM_COUNTED;
    return generation(buf, (short) 1);
  }

  /**
   * Check that the next part is the one that the host means.
   *
   * @param wanted low byte of the generation, part number
   */
  private void proceed(short wanted) {
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
  private short fill(byte[] buf, short at, short limit) {
    final short[] w = words;
    while (w[ANSWER] != 0 && at < limit) {
      final short granule = stack[(short) (2 * w[TOP])];
      final short from = (short) (VERNO + w[ITEM_OFF]);
      look(granule);
      // The ids of an interior node's children are not shown.
      short n = (short) (w[LEN] - 2 * w[CHILDREN] - from);
      final short over = (short) (at + n - limit);
      if (over > 0) {
        n = (short) (limit - at);
        w[ITEM_OFF] = (short) (w[ITEM_OFF] + n);
      }
      at = Util.arrayCopyNonAtomic(array(granule), (short) (offset(granule) + from), buf, at, n);
      if (over <= 0) {
        w[ITEM_OFF] = (short) 0;
        if (walkOn() < 0) {
          nextSubtree();
        }
      }
    }
    return at;
  }

  private void nextSubtree() {
    final short[] w = words;
    final short at = (short) (LIST + 2 * w[LIST_AT]);
    w[ITEM_OFF] = (short) 0;
    if (w[LIST_AT]++ == w[LIST_LEN]) {
      w[ANSWER] = (short) 0;
    } else {
      walk(w[at], w[(short) (at + 1)]);
    }
  }
}
