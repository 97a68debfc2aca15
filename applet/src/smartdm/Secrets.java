package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;
import javacardx.crypto.Cipher;

/** Level 16: what holds secrets: the card's life from its first keys to its end, keys, PIN. */
abstract class Secrets extends Channel {
  static final short CARD_ID_LEN = (short) 12;
  static final short ID_VALUE_LEN = (short) (CARD_ID_LEN + KDD_LEN);
  private static final short PIN_LEN = (short) 8;
  private static final short NEW_PIN = (short) (ISO7816.OFFSET_CDATA + PIN_LEN);
  // Where a new key set is put together, in the APDU buffer: L, key set.
  private static final short NEW_KEYS = (short) 144;
  private static final byte SEVERAL_KEYS = (byte) 0x81;
  private static final short KCV_LEN = (short) 3;

  Secrets(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /** PERSONALIZE: the issuer's keys, the holder's PIN, and the card gets its id, in one commit. */
  final void personalize(byte[] buf, short end) {
    final short[] w = words;
    if (next[STATE] != Wire.STATE_INSTALLED) {
      ISOException.throwIt(Wire.SW_NO_CURSOR);
    }
    fresh();
    w[AT] = ISO7816.OFFSET_CDATA;
    w[END] = end;
    final short kdd = skip(KDD_LEN);
    final short keys = text(buf);
    final short pin = text(buf);
    if (w[AT] != end
        || buf[keys] != (byte) (KEYS + 3 * keyLen)
        || (buf[pin] != 0 && buf[pin] != 2 * PIN_LEN)) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    sealed(Wire.PRINCIPAL_ISSUER, buf, keys);
    if (buf[pin] != 0) {
      sealed(Wire.PRINCIPAL_HOLDER, buf, pin);
    }
    see(Wire.NODE_ID);
    revise(Wire.NODE_ID, NOTHING, null, (short) 0, (short) 0, (short) (1 + ID_VALUE_LEN));
    put(ID_VALUE_LEN);
    // The keys have been written: their place is free.
    draw(buf, keys, CARD_ID_LEN);
    write(buf, keys, CARD_ID_LEN);
    write(buf, kdd, KDD_LEN);
    next[STATE] = Wire.STATE_PERSONALIZED;
    finish();
  }

  // A new secret: L, its bytes. There is room for it on a full card, too.
  private void sealed(short id, byte[] buf, short at) {
    words[KEPT] = (short) 0;
    seal(id, buf[at]);
    write(buf, (short) (at + 1), buf[at]);
  }

  /** TERMINATE: from here on the card answers nothing. */
  final void terminate() {
    if (!trusted()) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    next[STATE] = Wire.STATE_TERMINATED;
    words[LOST] = (short) 0;
    note(SCRUB, FREED);
    scrub();
  }

  /** VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER. */
  final short pin(byte[] buf, byte ins, short end) {
    final short which = ins == Wire.INS_RESET_RETRY_COUNTER ? (short) 1 : (short) 0;
    final short tries = (short) (TRIES + which);
    final short granule = see(Wire.PRINCIPAL_HOLDER);
    if (get(granule, words[TAIL]) != 2 * PIN_LEN) {
      ISOException.throwIt(Wire.SW_NO_KEY);
    }
    short left = next[tries];
    final short wanted = ins == Wire.INS_VERIFY ? NEW_PIN : (short) (NEW_PIN + PIN_LEN);
    if (end != wanted && end != ISO7816.OFFSET_CDATA) {
      ISOException.throwIt(Wire.SW_WRONG_LENGTH);
    }
    if (left > 0 && end == wanted) {
      // Before comparing: a cut must not give it back.
      note(tries, --left);
      // What an earlier one gave ends with this one.
      cod[PROOF] &= ~Wire.PROOF_HOLDER;
      if (principal() == Wire.PRINCIPAL_HOLDER) {
        close();
      }
      final short at = (short) (offset(granule) + words[TAIL] + 1);
      if (differ(buf, ISO7816.OFFSET_CDATA, array(granule), (short) (at + which * PIN_LEN), PIN_LEN)
          == 0) {
        changed(buf, granule, ins);
        note(tries, which == 0 ? PIN_TRIES : PUK_TRIES);
        return ISO7816.SW_NO_ERROR;
      }
    }
    if (left == 0) {
      ISOException.throwIt(Wire.SW_PIN_BLOCKED);
    }
    return (short) (Wire.SW_WRONG_PIN + left);
  }

  private void changed(byte[] buf, short granule, byte ins) {
    if (ins != Wire.INS_VERIFY) {
      buf[(short) (NEW_PIN - 1)] = (byte) (2 * PIN_LEN);
      Util.arrayCopyNonAtomic(
          array(granule),
          (short) (offset(granule) + words[TAIL] + 1 + PIN_LEN),
          buf,
          (short) (NEW_PIN + PIN_LEN),
          PIN_LEN);
      fresh();
      sealed(Wire.PRINCIPAL_HOLDER, buf, (short) (NEW_PIN - 1));
      next[TRIES] = PIN_TRIES;
      finish();
    }
    if (principal() == 0) {
      Util.setShort(cod, PRINCIPAL, Wire.PRINCIPAL_HOLDER);
    }
    cod[PROOF] |= Wire.PROOF_HOLDER;
  }

  /**
   * PUT KEY: replace a key set, one's own or, for the issuer, anybody's; returns the answer's
   * length.
   */
  final short putKey(byte[] buf, short end) {
    final short[] w = words;
    w[AT] = (short) (ISO7816.OFFSET_CDATA + 1);
    w[END] = end;
    if (buf[ISO7816.OFFSET_P2] != SEVERAL_KEYS) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
    final short old = keySet(buf[ISO7816.OFFSET_P1]);
    final short whose = w[FOUND];
    if (cod[LEVEL] <= 1 || (whose != principal() && !issuer())) {
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    // Nobody can stand in another's door.
    if (findKeys(buf[ISO7816.OFFSET_CDATA]) >= 0 && w[FOUND] != whose) {
      Memory.refuse((byte) Wire.SW_ALREADY_EXISTS);
    }
    look(old);
    final short flags = get(old, (short) (w[TAIL] + 2));
    final short asking = see(principal());
    final short dek = (short) (offset(asking) + w[TAIL] + 1 + KEYS + 2 * keyLen);
    short to = NEW_KEYS;
    buf[to++] = (byte) (KEYS + 3 * keyLen);
    buf[to++] = buf[ISO7816.OFFSET_CDATA];
    buf[to++] = (byte) flags;
    short answer = (short) 1;
    for (byte i = 0; i < 3; i++) {
      if ((byte) u8(buf) != (byte) 0x88) {
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
      }
      final short len = (short) (u8(buf) - 1);
      final short key = skip((short) (len + 1));
      if (buf[key] != keyLen || len != (short) (keyLen + 15 & 0xF0) || u8(buf) != KCV_LEN) {
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
      }
      work.setKey(array(asking), dek);
      cipher.init(work, Cipher.MODE_DECRYPT);
      cipher.doFinal(buf, (short) (key + 1), len, buf, to);
      work.setKey(buf, to);
      to = (short) (to + keyLen);
      Util.arrayFillNonAtomic(buf, to, BLOCK, (byte) 1);
      block(work, buf, to);
      if (differ(buf, to, buf, skip(KCV_LEN), KCV_LEN) != 0) {
        Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
      }
      answer = Util.arrayCopyNonAtomic(buf, to, buf, answer, KCV_LEN);
    }
    if (w[AT] != end) {
      Memory.refuse((byte) Wire.SW_BAD_ELEMENT);
    }
    fresh();
    sealed(whose, buf, NEW_KEYS);
    finish();
    buf[0] = buf[(short) (NEW_KEYS + 1)];
    return answer;
  }
}
