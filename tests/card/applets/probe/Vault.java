package probe;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;
import javacard.security.AESKey;
import javacard.security.CryptoException;
import javacard.security.KeyBuilder;
import javacard.security.MessageDigest;
import javacard.security.RandomData;
import javacard.security.Signature;
import javacardx.crypto.Cipher;

/**
 * An applet with cryptographic objects: one instruction for each of their methods. A
 * CryptoException is answered by 65 and its reason.
 */
@SuppressWarnings("deprecation") // what Java Card 2.2.1 has
public final class Vault extends Ram {
  private static final short DATA = ISO7816.OFFSET_CDATA;
  private static final byte SHA_256 = 4;
  private static final short LENGTH = 16;

  private final AESKey untilReset = key(KeyBuilder.TYPE_AES_TRANSIENT_RESET);
  private final AESKey untilDeselect = key(KeyBuilder.TYPE_AES_TRANSIENT_DESELECT);
  private final Cipher cipher = Cipher.getInstance(Cipher.ALG_AES_BLOCK_128_CBC_NOPAD, false);
  private final Signature signature = Signature.getInstance(Signature.ALG_AES_MAC_128_NOPAD, false);
  private final MessageDigest digest = MessageDigest.getInstance(SHA_256, false);
  private final RandomData random = RandomData.getInstance(RandomData.ALG_SECURE_RANDOM);
  private final byte[] scratch =
      JCSystem.makeTransientByteArray((short) 64, JCSystem.CLEAR_ON_DESELECT);
  private final byte[] kept = new byte[64];

  private static AESKey key(byte type) {
    return (AESKey) KeyBuilder.buildKey(type, KeyBuilder.LENGTH_AES_128, false);
  }

  /** One parameter 01: leaves values in transient memory; 02: draws into persistent memory. */
  public static void install(byte[] data, short offset, byte length) {
    Vault vault = new Vault();
    byte wish = data[(short) (offset + length - 1)];
    if (wish == 1) {
      vault.untilReset.setKey(vault.kept, (short) 0);
      vault.cor[0] = 1;
    } else if (wish == 2) {
      data[ISO7816.OFFSET_P1] = 1;
      vault.intoPersistent((byte) 0x64, data);
    }
    vault.register();
  }

  @Override
  public void process(APDU apdu) {
    byte[] buffer = apdu.getBuffer();
    if (selectingApplet()) {
      return;
    }
    short length = buffer[ISO7816.OFFSET_LC] == 0 ? (short) 0 : apdu.setIncomingAndReceive();
    byte ins = buffer[ISO7816.OFFSET_INS];
    short answered = (short) 0;
    try {
      answered = ins < 0x60 ? run(ins, buffer, length) : intoPersistent(ins, buffer);
    } catch (CryptoException e) {
      ISOException.throwIt((short) (0x6500 | e.getReason()));
    }
    Util.arrayCopyNonAtomic(scratch, (short) 0, buffer, (short) 0, answered);
    apdu.setOutgoingAndSend((short) 0, answered);
  }

  private AESKey chosen(byte[] buffer) {
    return buffer[ISO7816.OFFSET_P1] == 0 ? untilReset : untilDeselect;
  }

  private short run(byte ins, byte[] buffer, short length) {
    switch (ins) {
      case 0x50:
        chosen(buffer).setKey(buffer, DATA);
        return 0;
      case 0x51:
        chosen(buffer).clearKey();
        return 0;
      case 0x52:
        scratch[0] = (byte) (untilReset.isInitialized() ? 1 : 0);
        scratch[1] = (byte) (untilDeselect.isInitialized() ? 1 : 0);
        return 2;
      case 0x53:
        initCipher(buffer, length);
        return 0;
      case 0x54:
        return cipher.doFinal(buffer, DATA, length, scratch, (short) 0);
      case 0x55:
        signature.init(chosen(buffer), buffer[ISO7816.OFFSET_P2]);
        return 0;
      case 0x56:
        return signature.sign(buffer, DATA, length, scratch, (short) 0);
      case 0x57:
        return verify(buffer, length);
      case 0x58:
        digest.update(buffer, DATA, length);
        return 0;
      case 0x59:
        return digest.doFinal(buffer, DATA, length, scratch, (short) 0);
      case 0x5A:
        random.generateData(scratch, (short) 0, LENGTH);
        return LENGTH;
      case 0x5B:
        return chosen(buffer).getKey(scratch, (short) 0);
      case 0x5C:
        return cipher.update(buffer, DATA, length, scratch, (short) 0);
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
        return 0;
    }
  }

  private void initCipher(byte[] buffer, short length) {
    byte mode = buffer[ISO7816.OFFSET_P2];
    if (length == 0) {
      cipher.init(chosen(buffer), mode);
    } else {
      cipher.init(chosen(buffer), mode, buffer, DATA, length);
    }
  }

  private short verify(byte[] buffer, short length) {
    short message = (short) (length - LENGTH);
    boolean right =
        signature.verify(buffer, DATA, message, buffer, (short) (DATA + message), LENGTH);
    scratch[0] = (byte) (right ? 1 : 0);
    return 1;
  }

  /**
   * With P1 01 the applet keeps to itself what the card has to say, with 02 it says another thing.
   */
  private short intoPersistent(byte ins, byte[] buffer) {
    if (buffer[ISO7816.OFFSET_P1] == 0) {
      write(ins, buffer);
      return 0;
    }
    try {
      write(ins, buffer);
    } catch (RuntimeException e) {
      if (buffer[ISO7816.OFFSET_P1] != 1) {
        ISOException.throwIt(ISO7816.SW_DATA_INVALID);
      }
    }
    return 0;
  }

  private void write(byte ins, byte[] buffer) {
    switch (ins) {
      case 0x60:
        cipher.doFinal(buffer, DATA, LENGTH, kept, (short) 0);
        break;
      case 0x61:
        cipher.update(buffer, DATA, LENGTH, kept, (short) 0);
        break;
      case 0x62:
        signature.sign(buffer, DATA, LENGTH, kept, (short) 0);
        break;
      case 0x63:
        digest.doFinal(buffer, DATA, LENGTH, kept, (short) 0);
        break;
      case 0x64:
        random.generateData(kept, (short) 0, LENGTH);
        break;
      case 0x65:
        untilReset.getKey(kept, (short) 0);
        break;
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
    }
  }
}
