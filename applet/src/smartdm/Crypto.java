package smartdm;

import javacard.framework.Util;
import javacard.security.AESKey;
import javacard.security.CryptoException;
import javacard.security.KeyBuilder;
import javacard.security.RandomData;
import javacard.security.Signature;
import javacardx.crypto.Cipher;

/**
 * Level 2: what the card computes with keys: AES-CMAC and the key derivation of SCP03.
 *
 * <p>All key objects are transient: keys lie in the store, and are in an object only while a
 * channel is open.
 */
@SuppressWarnings("deprecation") // the newer name of the random source is not in Java Card 2.2
abstract class Crypto extends Memory {
  static final short BLOCK = (short) 16;
  // Where a command's data begin: of INITIALIZE UPDATE, the two challenges.
  static final short CONTEXT = (short) 5;
  private static final byte POLYNOMIAL = (byte) 0x87;

  // For keys as they are stored; then those of the open channel.
  final AESKey work;
  final AESKey encKey;
  final AESKey macKey;
  final AESKey rmacKey;
  // CBC without padding, the one mode that every card has.
  final Cipher cipher;
  // Bytes of every key of this card.
  final short keyLen;
  // A CBC-MAC over any number of blocks; null where the card has none.
  private final Signature chained;

  /** Null where the card has none. */
  final RandomData random;

  Crypto(byte[] buf, short at, short end) {
    super(buf, at, end);
    keyLen = words[Words.KEYS_LEN];
    work = key();
    encKey = key();
    macKey = key();
    rmacKey = key();
    cipher = Cipher.getInstance(Cipher.ALG_AES_BLOCK_128_CBC_NOPAD, false);
    Signature found = null;
    try {
      found = Signature.getInstance(Signature.ALG_AES_MAC_128_NOPAD, false);
    } catch (CryptoException noSuchAlgorithm) {
      found = null;
    }
    chained = found;
    RandomData source = null;
    try {
      source = RandomData.getInstance(RandomData.ALG_SECURE_RANDOM);
    } catch (CryptoException noSuchAlgorithm) {
      source = null;
    }
    random = source;
  }

  private AESKey key() {
    return (AESKey)
        KeyBuilder.buildKey(KeyBuilder.TYPE_AES_TRANSIENT_DESELECT, (short) (keyLen << 3), false);
  }

  /** Encrypt one block in place. */
  final void block(AESKey key, byte[] buf, short at) {
    cipher.init(key, Cipher.MODE_ENCRYPT);
    cipher.doFinal(buf, at, BLOCK, buf, at);
  }

  /**
   * AES-CMAC (NIST SP 800-38B) of 16 bytes and what follows them elsewhere; it replaces the 16.
   *
   * @param len at least 1; as many bytes behind as fill the last block are overwritten
   */
  final void cmac(AESKey key, byte[] head, short headAt, byte[] buf, short at, short len) {
    Util.arrayFillNonAtomic(cod, SUBKEY, BLOCK, (byte) 0);
    block(key, cod, SUBKEY);
    twice();
    final short rest = (short) (-len & (short) 15);
    if (rest > 0) {
      twice();
      Util.arrayFillNonAtomic(buf, (short) (at + len), rest, (byte) 0);
      buf[(short) (at + len)] = (byte) 0x80;
    }
    final short last = (short) (at + len + rest - BLOCK);
    mix(buf, last);
    if (chained != null) {
      chained.init(key, Signature.MODE_SIGN);
      chained.update(head, headAt, BLOCK);
      chained.sign(buf, at, (short) (len + rest), head, headAt);
    } else {
      cipher.init(key, Cipher.MODE_ENCRYPT);
      cipher.update(head, headAt, BLOCK, head, headAt);
      for (; at < last; at = (short) (at + BLOCK)) {
        cipher.update(buf, at, BLOCK, head, headAt);
      }
      cipher.doFinal(buf, last, BLOCK, head, headAt);
    }
    mix(buf, last);
  }

  // Double the subkey in the field of 2 to the power of 128.
  private void twice() {
    final byte[] key = cod;
    final byte carry = key[SUBKEY];
    short i = SUBKEY;
    for (; i < (short) (SUBKEY + BLOCK - 1); i++) {
      key[i] = (byte) (key[i] << 1 | key[(short) (i + 1)] >> 7 & 1);
    }
    key[i] <<= 1;
    if (carry < 0) {
      key[i] ^= POLYNOMIAL;
    }
  }

  // Put the subkey onto a block, or take it off again.
  private void mix(byte[] buf, short at) {
    for (short i = SUBKEY; i < (short) (SUBKEY + BLOCK); i++) {
      buf[at++] ^= cod[i];
    }
  }

  /**
   * The key derivation of SCP03 (Amendment D 4.1.5) from the 16 bytes at CONTEXT.
   *
   * @param bits of the result, of which whole blocks are written
   */
  final void derive(AESKey key, byte constant, short bits, byte[] buf, short to) {
    byte round = 0;
    do {
      Util.arrayFillNonAtomic(buf, to, BLOCK, (byte) 0);
      buf[(short) (to + 11)] = constant;
      Util.setShort(buf, (short) (to + 13), bits);
      buf[(short) (to + 15)] = ++round;
      cmac(key, buf, to, buf, CONTEXT, BLOCK);
      to = (short) (to + BLOCK);
    } while ((short) (round << 7) < bits);
  }

  /** Whether two strings differ: 0 if not, in the same time wherever they do. */
  static short differ(byte[] a, short at, byte[] b, short from, short len) {
    short found = 0;
    while (--len >= 0) {
      found |= (short) (a[at++] ^ b[from++]);
    }
    return found;
  }
}
