package smartdm;

import static smartdm.Words.*;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.MultiSelectable;
import javacard.framework.Util;

/**
 * The top: install, select, and the dispatcher that every command passes: class, rule, principal,
 * then one line for each instruction.
 */
public final class DmApplet extends Credentials implements MultiSelectable {
  private static final short SHORTEST_ANSWER = (short) 4;
  private static final short LONGEST_ANSWER = (short) 256;
  private static final byte INITIAL_KVN = (byte) 0x30;
  private static final short LONGEST_WRAPPED = (short) 239;
  // The nodes of every card, by id: kind, meta, length of what follows, texts (name, access,
  // ACL), tail. At the root and in the registry anybody may add and read, and the issuer may do
  // everything. The tail of the issuer's are the initial keys.
  private static final byte[] CARD_NODES = {
    Wire.FORMAT_NODE | Wire.KIND_ACL,
    0,
    7,
    0,
    4,
    0,
    (byte) 0x89,
    0,
    (byte) 0xBF,
    0,
    Wire.FORMAT_NODE | Wire.KIND_ACL,
    0,
    15,
    0,
    4,
    0,
    (byte) 0x89,
    0,
    (byte) 0xBF,
    4,
    0,
    2,
    0,
    3,
    0,
    7,
    0,
    8,
    Wire.FORMAT_NODE,
    0,
    7,
    3,
    'S',
    'r',
    'v',
    Wire.ID_RUN + 3,
    0,
    4,
    Wire.FORMAT_NODE,
    0,
    4,
    2,
    'U',
    'p',
    0,
    Wire.FORMAT_CHR,
    0,
    3,
    1,
    '*',
    0,
    Wire.FORMAT_CHR,
    0,
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
    0,
    9,
    7,
    '#',
    'h',
    'o',
    'l',
    'd',
    'e',
    'r',
    0,
    Wire.FORMAT_BIN,
    Wire.META_DEFINITION,
    9,
    3,
    'K',
    'e',
    'y',
    Wire.ACCESS_REPLACE,
    0,
    0,
    0,
    0,
    Wire.FORMAT_BIN | Wire.KIND_ACL,
    0,
    9 + 22,
    2,
    'I',
    'd',
    4,
    0,
    (byte) 0xA8,
    0,
    (byte) 0xC8,
    22,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0
  };

  private DmApplet(byte[] buf, short at, short end) {
    super(buf, at, end);
    next[STATE] = Wire.STATE_INSTALLED;
    tries();
    short id = 0;
    at = (short) 0;
    final byte[] nodes = CARD_NODES;
    while (id < Wire.PRINCIPAL_FIRST_SERVER) {
      final short kindMeta = Util.getShort(nodes, at);
      final short len = nodes[(short) (at + 2)];
      at = (short) (at + 3);
      create(id++, nodes, at, len, kindMeta, (short) 0, (short) 0);
      at += len;
    }
    // The initial key set: that of the install parameters, else the test key.
    final short len = (short) (KEYS + 3 * keyLen);
    seal(Wire.PRINCIPAL_ISSUER, len);
    putShort((short) (INITIAL_KVN << 8));
    for (short i = 0; i < (short) (len - KEYS); i++) {
      put(words[KEYS_AT] == 0 ? (short) (0x40 | i & 15) : buf[(short) (words[KEYS_AT] + i)]);
    }
    finish();
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

  /** One session at a time: no, while the applet is selected on another channel. */
  public boolean select(boolean active) {
    return !active;
  }

  /** The runtime clears nothing while another applet of the package is selected. */
  public void deselect(boolean active) {
    deselect();
  }

  public void deselect() {
    close();
    wipe();
  }

  public void process(APDU apdu) {
    final short[] w = words;
    final byte[] buf = apdu.getBuffer();
    final byte ins = buf[ISO7816.OFFSET_INS];
    load();
    final boolean intruder = w[PART] > 0 && ins != Wire.INS_BATCH;
    if (w[PART] < 0 || intruder) {
      abort();
    }
    if (w[PART] == 0) {
      scrubAll();
    }
    if (selectingApplet()) {
      close();
      abort();
      apdu.setOutgoingAndSend((short) 0, info(buf));
      return;
    }
    if (ins != Wire.INS_READ_NEXT) {
      w[ANSWER] = (short) 0;
      if (w[PART] == 0) {
        count(ins);
      }
    }
    // Until this part is done, no further one will do: whatever goes wrong breaks the chain.
    if (ins == Wire.INS_BATCH) {
      w[PART] = (short) ~w[PART];
    }
    short end = secured(apdu, buf, ins);
    if (intruder) {
      ISOException.throwIt(Wire.SW_CHAIN_BROKEN);
    }
    end = guard(apdu, buf, ins, end);
    short len = 0;
    short sw = ISO7816.SW_NO_ERROR;
    switch (ins) {
      case Wire.INS_BATCH:
      case Wire.INS_READ:
      case Wire.INS_READ_NEXT:
        run(apdu, buf, ins, end);
        return;
      case Wire.INS_EXTERNAL_AUTHENTICATE:
        // Its answer has no MAC yet.
        authenticate(buf);
        return;
      case Wire.INS_INITIALIZE_UPDATE:
        len = initialize(buf);
        break;
      case Wire.INS_PUT_KEY:
        len = putKey(buf, end);
        break;
      case Wire.INS_PERSONALIZE:
        personalize(buf, end);
        break;
      case Wire.INS_CREDENTIAL:
      case Wire.INS_VERIFY_CREDENTIAL:
        len = credential(buf, ins, end);
        break;
      case Wire.INS_GET_CHALLENGE:
        len = challenge(buf, end);
        break;
      case Wire.INS_TERMINATE:
        terminate();
        break;
      default:
        sw = pin(buf, ins, end);
    }
    reply(apdu, buf, len, sw);
  }

  private void run(APDU apdu, byte[] buf, byte ins, short end) {
    final short p1p2 = Util.getShort(buf, ISO7816.OFFSET_P1);
    if (ins == Wire.INS_READ_NEXT) {
      proceed(p1p2);
      answer(apdu, buf, (short) 0);
      return;
    }
    // READ has its levels in P1, and 1 in P2 if ids are wanted.
    if ((short) (p1p2 & 0xFE) != 0) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
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
    } else {
      reply(apdu, buf, (short) 0, ISO7816.SW_NO_ERROR);
    }
  }

  // Answer what may have no data; with a MAC it always has some.
  private void reply(APDU apdu, byte[] buf, short len, short sw) {
    if (len > 0 || cod[LEVEL] == FULL) {
      apdu.setOutgoing();
      send(apdu, buf, len, sw);
    } else if (sw != ISO7816.SW_NO_ERROR) {
      ISOException.throwIt(sw);
    }
  }

  // Check the class, and take off secure messaging: a command counts in the channel, whatever
  // becomes of it, and one that is not in it ends it. Returns the offset behind the data, 0 if they
  // were not received.
  private short secured(APDU apdu, byte[] buf, byte ins) {
    final byte cla = buf[ISO7816.OFFSET_CLA];
    final boolean known =
        (byte) (cla & ~(Wire.CLA_CHAIN | Wire.CLA_SECURE | Wire.CLA_CHANNEL)) == Wire.CLA_PLAIN;
    if (known && (cla & Wire.CLA_SECURE) != 0) {
      if (ins != Wire.INS_EXTERNAL_AUTHENTICATE || isOpen()) {
        final short end = receive(apdu, buf);
        unwrap(buf);
        return end;
      }
    } else if (cod[LEVEL] != 0) {
      close();
    }
    if (!known) {
      ISOException.throwIt(Wire.SW_CLA_UNKNOWN);
    }
    return (short) 0;
  }

  // Check instruction and principal by the rule table; returns the offset behind the data.
  private short guard(APDU apdu, byte[] buf, byte ins, short end) {
    short rule = 0;
    final byte[] rules = Wire.RULES;
    while (rules[rule] != ins) {
      rule = (short) (rule + Wire.RULE_SIZE);
      if (rule == (short) rules.length) {
        ISOException.throwIt(Wire.SW_INS_UNKNOWN);
      }
    }
    final byte flags = rules[(short) (rule + 3)];
    if (next[STATE] == Wire.STATE_TERMINATED) {
      close();
      ISOException.throwIt(Wire.SW_TERMINATED);
    }
    final short leastLc = rules[(short) (rule + 2)];
    // The one command that never has data of its own.
    if (end == 0 && ins != Wire.INS_READ_NEXT) {
      end = receive(apdu, buf);
    }
    if (end > 0) {
      end = (short) (ISO7816.OFFSET_CDATA + (buf[ISO7816.OFFSET_LC] & 0xFF));
      if (end < (short) (ISO7816.OFFSET_CDATA + leastLc)) {
        ISOException.throwIt(Wire.SW_WRONG_LENGTH);
      }
    }
    if (next[STATE] == Wire.STATE_INSTALLED && (flags & Wire.RULE_SETUP) == 0) {
      ISOException.throwIt(Wire.SW_NOT_PERSONALIZED);
    }
    if ((flags & Wire.RULE_ZERO) != 0 && Util.getShort(buf, ISO7816.OFFSET_P1) != 0) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
    if (rules[(short) (rule + 1)] > principal()) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    if ((buf[ISO7816.OFFSET_CLA] & Wire.CLA_CHAIN) != 0 && (flags & Wire.RULE_CHAIN) == 0) {
      ISOException.throwIt(Wire.SW_NOT_CHAINABLE);
    }
    return end;
  }

  // Receive all data of a short APDU; returns the offset behind it.
  private static short receive(APDU apdu, byte[] buf) {
    short got = apdu.setIncomingAndReceive();
    final short len = (short) (buf[ISO7816.OFFSET_LC] & 0xFF);
    for (short more = got; got < len && more > 0; got += more) {
      more = apdu.receiveBytes((short) (ISO7816.OFFSET_CDATA + got));
    }
    if (got != len) {
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
    if (sw == Wire.SW_SEND_AGAIN) {
      // What is moved must not come to lie on a rest of what was staged.
      scrubAll();
    }
    if (sw == Wire.SW_SEND_AGAIN && !gather(words[NEED])) {
      sw = Wire.SW_CARD_FULL;
    }
    if (sw == Wire.SW_CHAIN_BROKEN || sw == Wire.SW_STORE_DAMAGED || sw == Wire.SW_SEND_AGAIN) {
      ISOException.throwIt(sw);
    }
    words[NEED] = (short) 0;
    Util.setShort(buf, (short) 0, words[INDEX]);
    Util.setShort(buf, (short) 2, sw);
    reply(apdu, buf, (short) 4, Wire.SW_BATCH_FAILED);
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
    if (cod[LEVEL] == FULL) {
      room = LONGEST_WRAPPED;
    }
    at = fill(buf, at, room);
    send(apdu, buf, at, words[ANSWER] != 0 ? Wire.SW_MORE : ISO7816.SW_NO_ERROR);
  }

  // Send an answer, in secure messaging if the channel wants it.
  private void send(APDU apdu, byte[] buf, short len, short sw) {
    if (cod[LEVEL] == FULL) {
      len = wrap(buf, len, sw);
    }
    apdu.setOutgoingLength(len);
    apdu.sendBytes((short) 0, len);
    if (sw != ISO7816.SW_NO_ERROR) {
      ISOException.throwIt(sw);
    }
  }
}
