package probe;

import javacard.framework.APDU;
import javacard.framework.Applet;
import javacard.framework.ISOException;

/** An applet without RAM that refuses to be installed in the way its one parameter asks for. */
public final class Bare extends Applet {
  private Bare() {}

  /** Parameter 01: status word 6A80; 02: a bad index; 03: no registration; else fine. */
  public static void install(byte[] data, short offset, byte length) {
    byte wish = data[(short) (offset + length - 1)];
    if (wish == 1) {
      ISOException.throwIt((short) 0x6A80);
    }
    if (wish == 2) {
      data[(short) -1] = 0;
    }
    if (wish != 3) {
      new Bare().register();
    }
  }

  @Override
  public void process(APDU apdu) {}
}
