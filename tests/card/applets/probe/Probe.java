package probe;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;
import javacard.security.RandomData;

/**
 * An applet that does on command everything the simulated card hooks: one instruction for each way
 * to write persistent memory, to end a transaction and to make an object.
 */
@SuppressWarnings("deprecation") // what Java Card 2.2.1 has
public final class Probe extends Ram {
  private static final byte[] TABLE = {1, 2, 3, 4};
  private static short shared = 7;

  private final byte[] installed;
  private final byte[] block = new byte[600];
  private final byte[] other = new byte[4];
  private final short[] words = new short[2];
  private final boolean[] flags = new boolean[2];
  private final Object[] references = new Object[2];
  private final RandomData random = RandomData.getInstance(RandomData.ALG_SECURE_RANDOM);
  private byte small;
  private short counter;
  private boolean flag;
  private byte[] current;
  private Object late;

  private Probe(byte[] data, short offset, byte length) {
    installed = new byte[(short) (length + 1)];
    installed[0] = (byte) offset;
    Util.arrayCopyNonAtomic(data, offset, installed, (short) 1, length);
    current = block;
  }

  /** Keeps the install data for a look at them. */
  public static void install(byte[] data, short offset, byte length) {
    new Probe(data, offset, length).register(data, (short) (offset + 1), data[offset]);
  }

  @Override
  public void process(APDU apdu) {
    byte[] buffer = apdu.getBuffer();
    short length = (short) 0;
    if (selectingApplet()) {
      return;
    }
    if (buffer[ISO7816.OFFSET_LC] != 0) {
      length = apdu.setIncomingAndReceive();
    }
    byte ins = buffer[ISO7816.OFFSET_INS];
    if (ins < 0x20) {
      write(ins, buffer, length);
    } else if (ins < 0x30) {
      transaction(ins, buffer, length);
    } else if (ins < 0x40) {
      answer(ins, apdu);
    } else {
      trouble(ins, buffer);
    }
  }

  private void write(byte ins, byte[] buffer, short length) {
    short at = (short) (buffer[ISO7816.OFFSET_P1] & 0xFF);
    switch (ins) {
      case 0x10:
        for (short i = 0; i < length; i++) {
          block[(short) (at + i)] = buffer[(short) (ISO7816.OFFSET_CDATA + i)];
        }
        break;
      case 0x11:
        Util.arrayCopy(buffer, ISO7816.OFFSET_CDATA, block, at, length);
        break;
      case 0x12:
        Util.arrayCopyNonAtomic(buffer, ISO7816.OFFSET_CDATA, block, at, length);
        break;
      case 0x13:
        Util.arrayFillNonAtomic(block, at, buffer[ISO7816.OFFSET_P2], buffer[ISO7816.OFFSET_CDATA]);
        break;
      case 0x14:
        Util.setShort(block, at, Util.getShort(buffer, ISO7816.OFFSET_CDATA));
        break;
      case 0x15:
        writeFields(buffer[ISO7816.OFFSET_P1]);
        break;
      case 0x16:
        cod[0] = buffer[ISO7816.OFFSET_P1];
        cor[0] = buffer[ISO7816.OFFSET_P1];
        break;
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
    }
  }

  private void writeFields(byte value) {
    small = value;
    counter = (short) (value * 256);
    flag = value != 0;
    shared = value;
    current = value == 0 ? block : other;
    words[1] = value;
    flags[1] = value != 0;
    references[1] = value == 0 ? null : other;
    TABLE[0] = value;
  }

  private void transaction(byte ins, byte[] buffer, short length) {
    JCSystem.beginTransaction();
    if (ins == 0x21) {
      JCSystem.beginTransaction();
    }
    if (ins == 0x22) {
      Util.arrayCopyNonAtomic(buffer, ISO7816.OFFSET_CDATA, block, (short) 0, length);
    } else {
      Util.arrayCopy(buffer, ISO7816.OFFSET_CDATA, block, (short) 0, length);
      Util.setShort(block, (short) 300, (short) 0x1234);
      block[(short) 302] = (byte) 0x56;
    }
    writeFields((byte) 9);
    switch (buffer[ISO7816.OFFSET_P1]) {
      case 0:
        JCSystem.commitTransaction();
        break;
      case 1:
        JCSystem.abortTransaction();
        break;
      case 2:
        ISOException.throwIt((short) 0x6999);
        break;
      case 3:
        buffer[(short) -1] = 0;
        break;
      default:
        break; // returns with the transaction open
    }
  }

  private void answer(byte ins, APDU apdu) {
    byte[] buffer = apdu.getBuffer();
    short at = Util.makeShort(buffer[ISO7816.OFFSET_P1], buffer[ISO7816.OFFSET_P2]);
    short length = (short) 16;
    switch (ins) {
      case 0x30:
        Util.arrayCopyNonAtomic(block, at, buffer, (short) 0, length);
        break;
      case 0x31:
        length = state(buffer);
        break;
      case 0x32:
        length = (short) installed.length;
        Util.arrayCopyNonAtomic(installed, (short) 0, buffer, (short) 0, length);
        break;
      case 0x33:
        random.generateData(buffer, (short) 0, length);
        break;
      case 0x34:
        length = (short) 6;
        Util.setShort(buffer, (short) 0, JCSystem.getMaxCommitCapacity());
        Util.setShort(buffer, (short) 2, JCSystem.getUnusedCommitCapacity());
        Util.setShort(buffer, (short) 4, JCSystem.getTransactionDepth());
        break;
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
    }
    apdu.setOutgoingAndSend((short) 0, length);
  }

  private short state(byte[] buffer) {
    short place = buffer[ISO7816.OFFSET_P1];
    buffer[0] = small;
    Util.setShort(buffer, (short) 1, counter);
    buffer[3] = (byte) (flag ? 1 : 0);
    Util.setShort(buffer, (short) 4, shared);
    buffer[6] = (byte) (current == other ? 1 : 0);
    Util.setShort(buffer, (short) 7, words[1]);
    buffer[9] = (byte) (flags[1] ? 1 : 0);
    buffer[10] = (byte) (references[1] == other ? 1 : 0);
    buffer[11] = TABLE[0];
    buffer[12] = cod[place];
    buffer[13] = cor[0];
    Util.setShort(buffer, (short) 14, Util.getShort(cod, PRINCIPAL));
    return (short) 16;
  }

  private void trouble(byte ins, byte[] buffer) {
    switch (ins) {
      case 0x40:
        late = new byte[8];
        break;
      case 0x41:
        late = new Late(); // an object and two transient arrays
        break;
      case 0x42:
        block[(short) 600] = 0;
        break;
      case 0x43:
        while (buffer[ISO7816.OFFSET_P1] == 0) {
          small = 0;
        }
        break;
      case 0x44:
        trouble(ins, buffer);
        break;
      case 0x45:
        cleanUpAfterCut();
        break;
      case 0x46:
        late = null;
        break;
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
    }
  }

  private void cleanUpAfterCut() {
    try {
      block[0] = 1;
    } finally {
      block[1] = 1;
    }
  }
}
