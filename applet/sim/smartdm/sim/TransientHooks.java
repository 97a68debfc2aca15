package smartdm.sim;

import javacard.framework.JCSystem;

/**
 * The methods of JCSystem that make transient arrays, as the rewritten applet calls them: what the
 * API makes for itself is not the applet's memory.
 */
public final class TransientHooks {
  private TransientHooks() {}

  /** JCSystem.makeTransientBooleanArray. */
  public static boolean[] makeTransientBooleanArray(short length, byte event) {
    boolean[] array = JCSystem.makeTransientBooleanArray(length, event);
    Hooks.memory().transients.keep(array, event);
    return array;
  }

  /** JCSystem.makeTransientByteArray. */
  public static byte[] makeTransientByteArray(short length, byte event) {
    byte[] array = JCSystem.makeTransientByteArray(length, event);
    Hooks.memory().transients.keep(array, event);
    return array;
  }

  /** JCSystem.makeTransientShortArray. */
  public static short[] makeTransientShortArray(short length, byte event) {
    short[] array = JCSystem.makeTransientShortArray(length, event);
    Hooks.memory().transients.keep(array, event);
    return array;
  }

  /** JCSystem.makeTransientObjectArray. */
  public static Object[] makeTransientObjectArray(short length, byte event) {
    Object[] array = JCSystem.makeTransientObjectArray(length, event);
    Hooks.memory().transients.keep(array, event);
    return array;
  }
}
