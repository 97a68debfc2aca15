package smartdm;

import static smartdm.Words.*;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * The top: install, select, and the dispatcher that every command passes: class, rule, principal,
 * then one line for each instruction.
 */
public final class DmApplet extends SelectAnswer {
  private static final short SHORTEST_ANSWER = (short) 4;
  private static final short LONGEST_ANSWER = (short) 256;
  // The nodes of every card, by id: kind, length of what follows, texts (name, ACL), tail. At the
  // root and in the registry anybody may add and read, and the issuer may do everything.
  private static final byte[] CARD_NODES = {
    Wire.FORMAT_NODE | Wire.KIND_ACL,
    7,
    0,
    4,
    0,
    (byte) 0x89,
    0,
    (byte) 0xBF,
    0,
    Wire.FORMAT_NODE | Wire.KIND_ACL,
    9,
    0,
    4,
    0,
    (byte) 0x89,
    0,
    (byte) 0xBF,
    Wire.ID_RUN + 2,
    0,
    2,
    Wire.FORMAT_NODE,
    7,
    3,
    'S',
    'r',
    'v',
    Wire.ID_RUN + 3,
    0,
    4,
    Wire.FORMAT_NODE,
    4,
    2,
    'U',
    'p',
    0,
    Wire.FORMAT_CHR,
    3,
    1,
    '*',
    0,
    Wire.FORMAT_CHR,
    9,
    7,
    '#',
    'i',
    's',
    's',
    'u',
    'e',
    'r',
    0,
    Wire.FORMAT_CHR,
    9,
    7,
    '#',
    'h',
    'o',
    'l',
    'd',
    'e',
    'r',
    0
  };

  private DmApplet(byte[] buf, short at, short end) {
    super(buf, at, end);
    short id = 0;
    at = (short) 0;
    final byte[] nodes = CARD_NODES;
    while (id < Wire.PRINCIPAL_FIRST_SERVER) {
      final short kindMeta = (short) (nodes[at++] << 8);
      final short len = nodes[at++];
      create(id++, nodes, at, len, kindMeta, (short) 0, (short) 0);
      at += len;
    }
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

  public void deselect() {
    wipe();
  }

  public void process(APDU apdu) {
    final short[] w = words;
    final byte[] buf = apdu.getBuffer();
    final byte ins = buf[ISO7816.OFFSET_INS];
    load();
    if (selectingApplet()) {
      abort();
      apdu.setOutgoingAndSend((short) 0, info(buf));
      return;
    }
    final short part = w[PART];
    if (part < 0 || (part > 0 && ins != Wire.INS_BATCH)) {
      abort();
      if (part > 0) {
        ISOException.throwIt(Wire.SW_CHAIN_BROKEN);
      }
    }
    if (ins != Wire.INS_READ_NEXT) {
      w[ANSWER] = (short) 0;
    }
    // Until this part is done, no further one will do: whatever goes wrong breaks the chain.
    if (ins == Wire.INS_BATCH) {
      w[PART] = (short) ~w[PART];
    }
    run(ins, apdu, buf, guard(buf[ISO7816.OFFSET_CLA], ins));
  }

  private void run(byte ins, APDU apdu, byte[] buf, short leastLc) {
    final short p1p2 = Util.getShort(buf, ISO7816.OFFSET_P1);
    if (ins == Wire.INS_READ_NEXT) {
      proceed(p1p2);
      answer(apdu, buf, (short) 0);
      return;
    }
    // READ has its levels in P1, and 1 in P2 if ids are wanted.
    if ((short) (p1p2 & (ins == Wire.INS_READ ? (short) 0xFE : (short) -1)) != 0) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
    final short end = receive(apdu, buf, leastLc);
    words[WITH_IDS] = (short) (p1p2 & 1);
    if (ins == Wire.INS_READ) {
      final short since = (short) (end - GENERATION_LEN * words[WITH_IDS]);
      if ((short) ((buf[ISO7816.OFFSET_CDATA] & 0xFF) + ISO7816.OFFSET_CDATA + 1) != since) {
        ISOException.throwIt(Wire.SW_WRONG_LENGTH);
      }
      Util.arrayCopyNonAtomic(buf, since, next, SINCE, GENERATION_LEN);
      increment(next, SINCE, (short) (SINCE + GENERATION_LEN - 1));
      words[LIST_LEN] = (short) 0;
      resolve(buf, ISO7816.OFFSET_CDATA);
      list((short) (p1p2 >> 8 & 0xFF));
    } else {
      batch(apdu, buf, end);
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
    final byte[] rules = Wire.RULES;
    final short rule = (short) ((short) (ins - Wire.INS_FIRST) * Wire.RULE_SIZE);
    if (rule < 0 || rule >= (short) rules.length) {
      ISOException.throwIt(Wire.SW_INS_UNKNOWN);
    }
    if (rules[rule] > principal()) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    if ((cla & Wire.CLA_CHAIN) != 0 && rules[(short) (rule + 2)] == 0) {
      ISOException.throwIt(Wire.SW_NOT_CHAINABLE);
    }
    return rules[(short) (rule + 1)];
  }

  // Receive all data of a short APDU; returns the offset behind it.
  private static short receive(APDU apdu, byte[] buf, short leastLc) {
    short got = apdu.setIncomingAndReceive();
    final short len = (short) (buf[ISO7816.OFFSET_LC] & 0xFF);
    for (short more = got; got < len && more > 0; got += more) {
      more = apdu.receiveBytes((short) (ISO7816.OFFSET_CDATA + got));
    }
    if (got != len || len < leastLc) {
      ISOException.throwIt(Wire.SW_WRONG_LENGTH);
    }
    return (short) (ISO7816.OFFSET_CDATA + len);
  }

  // When free memory lay in pieces it is gathered, and the host asked to send the batch again.
  private void batch(APDU apdu, byte[] buf, short end) {
    short sw;
    try {
      part(buf, end);
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
    if (room <= 0) {
      room = LONGEST_ANSWER;
    }
    if (room < SHORTEST_ANSWER) {
      room = SHORTEST_ANSWER;
    }
    at = fill(buf, at, room);
    apdu.setOutgoingLength(at);
    apdu.sendBytes((short) 0, at);
    if (words[ANSWER] != 0) {
      ISOException.throwIt(Wire.SW_MORE);
    }
  }
}
