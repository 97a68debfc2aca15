package probe;

import javacard.framework.Applet;
import javacard.framework.JCSystem;

/**
 * Transient state of the probe; the simulator's principal operation looks for three bytes of it.
 */
abstract class Ram extends Applet {
  static final short PRINCIPAL = (short) 1;
  static final short PROOF = (short) 3;

  final byte[] cod = JCSystem.makeTransientByteArray((short) 4, JCSystem.CLEAR_ON_DESELECT);
  final byte[] cor = JCSystem.makeTransientByteArray((short) 4, JCSystem.CLEAR_ON_RESET);
}
