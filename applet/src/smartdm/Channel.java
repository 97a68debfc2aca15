package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;
import javacardx.crypto.Cipher;

/** Level 15: SCP03 (GlobalPlatform, Amendment D): who opens a channel is who is asking. */
@SuppressWarnings("deprecation") // the newer name of drawing random bytes is not in Java Card 2.2
abstract class Channel extends SelectAnswer {
  static final byte FULL = (byte) 0x33;
  static final short MAC_LEN = (short) 8;
  // Of a key set: version number, flags, then the keys.
  static final short KEYS = (short) 2;
  // Of the value of `?/Id`, with its length byte.
  static final short KDD = (short) 13;
  static final short KDD_LEN = (short) 10;
  // In the answer to INITIALIZE UPDATE.
  private static final short CHALLENGE = (short) 13;
  private static final short CRYPTOGRAM = (short) 21;
  private static final short UPDATE_LEN = (short) 29;
  // Behind it there is room for derived keys.
  private static final short KEY = (short) 64;
  private static final short HELD = NAME_AT;
  private static final byte PENDING = (byte) 0x40;
  // The number is the end of what is derived from.
  private static final short NUMBER = (short) (CONTEXT + BLOCK - 4);
  private static final short BITS = (short) 0x80;
  private static final short S_BITS = (short) 0x40;
  static final short ATTEMPTS = (short) 16;

  Channel(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  // Copy bytes of a leaf's value to the start of the buffer.
  private void data(short id, short off, byte[] buf, short len) {
    final short granule = see(id);
    Util.arrayCopyNonAtomic(
        array(granule), (short) (offset(granule) + words[TAIL] + off), buf, (short) 0, len);
  }

  /** Nobody is asking any more, and the keys of the channel are gone. */
  final void close() {
    if (cod[LEVEL] != 0) {
      work.clearKey();
      encKey.clearKey();
      macKey.clearKey();
      rmacKey.clearKey();
    }
    wipe(cod);
  }

  /**
   * Draw up to 16 bytes that nobody can foretell. Where the card has no random source they are
   * derived by the issuer's key from a number that never comes again, as SCP03 derives challenges:
   * it is moved once in a power session, by a commit, and counted on in RAM.
   */
  final void draw(byte[] buf, short at, short len) {
    if (random != null) {
      random.generateData(buf, at, len);
      return;
    }
    if (next[DRAWN]++ == 0) {
      increment(next, SESSION, (short) (SESSION + 2));
      note(SESSION, next[SESSION]);
    }
    final short granule = see(Wire.PRINCIPAL_ISSUER);
    Util.arrayCopyNonAtomic(next, SESSION, buf, NUMBER, (short) 3);
    buf[(short) (NUMBER + 3)] = next[DRAWN];
    work.setKey(array(granule), (short) (offset(granule) + words[TAIL] + 1 + KEYS));
    derive(work, (byte) 2, BITS, buf, KEY);
    Util.arrayCopyNonAtomic(buf, KEY, buf, at, len);
  }

  // Find the key set with a version number, which must be there.
  final short keySet(byte number) {
    final short granule = findKeys(number);
    if (granule < 0) {
      ISOException.throwIt(Wire.SW_NO_KEY);
    }
    return granule;
  }

  // Find the key set with a version number, 0 = the issuer's, and look at it; FOUND is whose.
  // NONE if there is none.
  final short findKeys(byte number) {
    final short[] w = words;
    short i = 0;
    do {
      see(Wire.NODE_SERVERS);
      if (i == w[CHILDREN]) {
        return NONE;
      }
      w[FOUND] = child(i++);
      final short granule = see(w[FOUND]);
      if (get(granule, w[TAIL]) == (short) (KEYS + 3 * keyLen)
          && (number == 0
              ? w[FOUND] == Wire.PRINCIPAL_ISSUER
              : (byte) get(granule, (short) (w[TAIL] + 1)) == number)) {
        return granule;
      }
    } while (true);
  }

  /** INITIALIZE UPDATE: derive the keys of a channel; returns the length of the answer. */
  final short initialize(byte[] buf) {
    close();
    final short granule = keySet(buf[ISO7816.OFFSET_P1]);
    if (next[FAILURES] >= ATTEMPTS) {
      ISOException.throwIt(Wire.SW_NO_CURSOR);
    }
    final byte[] keys = array(granule);
    final short at = (short) (offset(granule) + words[TAIL] + 1);
    final short bits = (short) (keyLen << 3);
    draw(buf, CHALLENGE, MAC_LEN);
    work.setKey(keys, (short) (at + 2));
    derive(work, (byte) 4, bits, buf, KEY);
    encKey.setKey(buf, KEY);
    work.setKey(keys, (short) (at + 2 + keyLen));
    derive(work, (byte) 6, bits, buf, KEY);
    macKey.setKey(buf, KEY);
    derive(work, (byte) 7, bits, buf, KEY);
    rmacKey.setKey(buf, KEY);
    derive(macKey, (byte) 1, S_BITS, buf, KEY);
    // Nothing is staged now, and before anything is the channel is open or closed.
    Util.arrayCopyNonAtomic(buf, KEY, staging, (short) 0, MAC_LEN);
    derive(macKey, (byte) 0, S_BITS, buf, CRYPTOGRAM);
    Util.arrayFillNonAtomic(buf, KEY, (short) (2 * BLOCK), (byte) 0);
    // Who it will be, and what his key set allows.
    Util.setShort(cod, COUNTER, words[FOUND]);
    cod[PROOF] = keys[(short) (at + 1)];
    cod[LEVEL] = PENDING;
    data(Wire.NODE_ID, KDD, buf, KDD_LEN);
    buf[KDD_LEN] = keys[at];
    buf[(short) (KDD_LEN + 1)] = (byte) 3;
    buf[(short) (KDD_LEN + 2)] = (byte) 0x60;
    return UPDATE_LEN;
  }

  /** EXTERNAL AUTHENTICATE: open the channel. */
  final void authenticate(byte[] buf) {
    final byte level = buf[ISO7816.OFFSET_P1];
    if (cod[LEVEL] != PENDING) {
      ISOException.throwIt(Wire.SW_NO_CURSOR);
    }
    if (level != FULL && level != (byte) 3 && (level != (byte) 1 || cod[PROOF] == 0)) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
    if ((short) (wrongMac(buf) | differ(buf, CONTEXT, staging, (short) 0, MAC_LEN)) != 0) {
      next[FAILURES]++;
      broken();
    }
    Util.arrayCopyNonAtomic(cod, COUNTER, cod, PRINCIPAL, (short) 2);
    Util.setShort(cod, COUNTER, (short) 0);
    cod[PROOF] = Wire.PROOF_LIVE | Wire.PROOF_BOUND;
    cod[LEVEL] = level;
  }

  /** Whether there is a channel, and not only one that is pending. */
  final boolean isOpen() {
    return (cod[LEVEL] & 1) != 0;
  }

  // Nothing goes on, neither channel nor batch.
  private void broken() {
    close();
    abort();
    ISOException.throwIt(Wire.SW_NOT_ALLOWED);
  }

  // Take the MAC off a command and compare it; the chain goes on. Returns 0 if it is right.
  private short wrongMac(byte[] buf) {
    final short lc = (short) ((buf[ISO7816.OFFSET_LC] & 0xFF) - MAC_LEN);
    if (lc < 0) {
      return NONE;
    }
    final short end = (short) (ISO7816.OFFSET_CDATA + lc);
    hold(buf, end, MAC_LEN);
    final byte cla = buf[ISO7816.OFFSET_CLA];
    buf[ISO7816.OFFSET_CLA] &= ~Wire.CLA_CHANNEL;
    cmac(macKey, cod, CHAIN, buf, (short) 0, end);
    buf[ISO7816.OFFSET_CLA] = cla;
    buf[ISO7816.OFFSET_LC] = (byte) lc;
    short wrong = 0;
    for (short i = 0; i < MAC_LEN; i = (short) (i + 2)) {
      wrong |= (short) (words[(short) (HELD + (i >> 1))] ^ Util.getShort(cod, (short) (CHAIN + i)));
    }
    return wrong;
  }

  // Keep bytes where the record looked at was told: between commands none is.
  private void hold(byte[] buf, short at, short len) {
    for (short i = 0; i < len; i = (short) (i + 2)) {
      words[(short) (HELD + (i >> 1))] = Util.getShort(buf, (short) (at + i));
    }
  }

  /** Take secure messaging off a command; whatever is wrong with it closes the channel. */
  final void unwrap(byte[] buf) {
    if (!isOpen() || wrongMac(buf) != 0) {
      broken();
    }
    if (cod[LEVEL] != 1) {
      increment(cod, COUNTER, (short) (COUNTER + 1));
      // Before an initial vector comes again.
      if (Util.getShort(cod, COUNTER) == 0) {
        broken();
      }
      decrypt(buf, (short) (buf[ISO7816.OFFSET_LC] & 0xFF));
    }
  }

  // The encrypted data, if any, end with 80 00 ...
  private void decrypt(byte[] buf, short len) {
    if (len == 0) {
      return;
    }
    short end = (short) (ISO7816.OFFSET_CDATA + len);
    if ((len & 15) != 0) {
      broken();
    }
    vector((byte) 0, buf, end);
    cipher.init(encKey, Cipher.MODE_DECRYPT, buf, end, BLOCK);
    cipher.doFinal(buf, ISO7816.OFFSET_CDATA, len, buf, ISO7816.OFFSET_CDATA);
    do {
      end--;
    } while (buf[end] == 0 && end > ISO7816.OFFSET_CDATA);
    if (buf[end] != (byte) 0x80) {
      broken();
    }
    buf[ISO7816.OFFSET_LC] = (byte) (end - ISO7816.OFFSET_CDATA);
  }

  // The initial vector of a command or its answer: the encrypted counter.
  private void vector(byte first, byte[] buf, short at) {
    Util.arrayFillNonAtomic(buf, at, BLOCK, (byte) 0);
    buf[at] = first;
    Util.arrayCopyNonAtomic(cod, COUNTER, buf, (short) (at + BLOCK - 2), (short) 2);
    block(encKey, buf, at);
  }

  /** Put an answer of level 33 into secure messaging, in place; returns its new length. */
  final short wrap(byte[] buf, short len, short sw) {
    if (len > 0) {
      final short rest = (short) (BLOCK - (len & 15));
      Util.arrayFillNonAtomic(buf, len, rest, (byte) 0);
      buf[len] = (byte) 0x80;
      len = (short) (len + rest);
      vector((byte) 0x80, buf, len);
      cipher.init(encKey, Cipher.MODE_ENCRYPT, buf, len, BLOCK);
      cipher.doFinal(buf, (short) 0, len, buf, (short) 0);
    }
    hold(cod, CHAIN, BLOCK);
    Util.setShort(buf, len, sw);
    cmac(rmacKey, cod, CHAIN, buf, (short) 0, (short) (len + 2));
    len = Util.arrayCopyNonAtomic(cod, CHAIN, buf, len, MAC_LEN);
    for (short i = 0; i < BLOCK; i = (short) (i + 2)) {
      Util.setShort(cod, (short) (CHAIN + i), words[(short) (HELD + (i >> 1))]);
    }
    return len;
  }
}
