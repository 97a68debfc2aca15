package reject;

import javacard.framework.APDU;
import javacard.framework.Applet;
import javacard.framework.JCSystem;
import javacard.security.KeyBuilder;
import javacard.security.RandomData;

/** Memory that is taken while the applet runs. */
final class Allocation extends Applet { // converter: takes it

  private final Object early = helper();

  public static void install(byte[] data, short off, byte length) {
    new Allocation().register();
  }

  @Override
  public void process(APDU apdu) {
    Object o = new Object(); // reject: allocation
    byte[] a = new byte[3]; // reject: allocation
    Object[] b = new Object[3]; // reject: allocation
    JCSystem.makeTransientByteArray((short) 3, (byte) 1); // reject: allocation
    KeyBuilder.buildKey((byte) 1, (short) 64, false); // reject: allocation
    RandomData.getInstance((byte) 1); // reject: allocation
    helper();
  }

  private Object helper() {
    return new byte[2]; // reject: allocation
  }

  void neverCalled() {
    throw new NullPointerException(); // reject: allocation
  }
}
