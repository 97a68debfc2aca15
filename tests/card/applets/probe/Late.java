package probe;

import javacard.framework.JCSystem;

/** An object with two transient arrays, for making after install. */
final class Late {
  final byte[] one = JCSystem.makeTransientByteArray((short) 4, JCSystem.CLEAR_ON_DESELECT);
  final byte[] two = JCSystem.makeTransientByteArray((short) 4, JCSystem.CLEAR_ON_RESET);
}
