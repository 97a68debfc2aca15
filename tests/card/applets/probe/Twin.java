package probe;

import javacard.framework.APDU;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.MultiSelectable;
import javacard.framework.Util;
import javacard.security.AESKey;
import javacard.security.KeyBuilder;

/** An applet that can be selected on several channels, and notes how it is. */
public class Twin extends Ram implements MultiSelectable {
  private static final byte ACCEPT = 0;
  private static final byte DECLINE = 1;
  private static final byte THROW = 2;

  private final AESKey key =
      (AESKey)
          KeyBuilder.buildKey(
              KeyBuilder.TYPE_AES_TRANSIENT_DESELECT, KeyBuilder.LENGTH_AES_128, false);
  private final byte[] notes = new byte[32];
  private final byte parameters;
  private byte noted;
  private byte habit;

  /** {@code data}: those of install. */
  protected Twin(byte[] data, short offset) {
    short control = (short) (offset + 1 + data[offset]);
    parameters = data[(short) (control + 1 + data[control])];
  }

  /** Registers under the AID that it is given. */
  public static void install(byte[] data, short offset, byte length) {
    new Twin(data, offset).register(data, (short) (offset + 1), data[offset]);
  }

  private void note(byte what) {
    notes[noted] = (byte) (what << 4 | JCSystem.getAssignedChannel());
    noted++;
  }

  private boolean accepts() {
    if (habit == THROW) {
      ISOException.throwIt((short) 0x6F42);
    }
    if (habit != ACCEPT) {
      cod[0] = habit; // nobody may find this afterwards
    }
    if (habit > DECLINE) {
      JCSystem.beginTransaction();
      notes[31] = habit;
    }
    return habit != DECLINE;
  }

  @Override
  public boolean select() {
    note((byte) 1);
    return accepts();
  }

  @Override
  public boolean select(boolean already) {
    note((byte) (already ? 3 : 2));
    return accepts();
  }

  @Override
  public void deselect() {
    note((byte) 4);
    if (habit == THROW) {
      ISOException.throwIt((short) 0x6F42);
    }
  }

  @Override
  public void deselect(boolean still) {
    note((byte) (still ? 6 : 5));
  }

  @Override
  public void process(APDU apdu) {
    byte[] buffer = apdu.getBuffer();
    if (selectingApplet()) {
      return;
    }
    short length = (short) 0;
    switch (buffer[ISO7816.OFFSET_INS]) {
      case 0x60:
        habit = buffer[ISO7816.OFFSET_P1];
        break;
      case 0x61:
        length = noted;
        Util.arrayCopyNonAtomic(notes, (short) 0, buffer, (short) 0, length);
        noted = 0;
        break;
      case 0x62:
        cod[0] = buffer[ISO7816.OFFSET_P1];
        cor[0] = buffer[ISO7816.OFFSET_P1];
        key.setKey(notes, (short) 0);
        break;
      case 0x63:
        length = look(buffer);
        break;
      default:
        ISOException.throwIt(ISO7816.SW_INS_NOT_SUPPORTED);
    }
    apdu.setOutgoingAndSend((short) 0, length);
  }

  private short look(byte[] buffer) {
    byte length = JCSystem.getAID().getBytes(buffer, (short) 16);
    buffer[1] = APDU.getCLAChannel();
    buffer[2] = JCSystem.getAssignedChannel();
    buffer[3] = cod[0];
    buffer[4] = cor[0];
    buffer[5] = (byte) (key.isInitialized() ? 1 : 0);
    buffer[6] = parameters;
    buffer[7] = notes[31];
    buffer[8] = buffer[(short) (16 + length - 1)]; // the last byte of its AID
    Util.arrayCopyNonAtomic(cod, PRINCIPAL, buffer, (short) 9, (short) 2);
    return 11;
  }
}
