package smartdm.sim;

import com.licel.jcardsim.utils.BiConsumer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import javacard.framework.AID;
import javacard.framework.Applet;
import javacard.framework.CardRuntimeException;

/** Calls an applet's install with the data a card hands over, and takes its registration. */
final class Installation implements BiConsumer<Applet, AID> {
  /** Where the install data begin in the array: not at 0, as on cards. */
  private static final int OFFSET = 5;

  private static final int MAX_DATA = 127;

  private final AID instance;
  private AID registered;
  private Applet applet;

  Installation(byte[] aid) {
    instance = new AID(aid, (short) 0, (byte) aid.length);
  }

  /** The AID that the applet asked for. */
  AID aid() {
    return registered;
  }

  /**
   * Runs install with LV instance AID, LV control information (one byte of privileges), LV
   * parameters. Returns the applet that registered itself.
   */
  Applet run(Class<? extends Applet> type, byte[] aid, byte[] parameters) {
    byte[] data = data(aid, parameters);
    try {
      Method install = type.getMethod("install", byte[].class, short.class, byte.class);
      install.invoke(null, data, (short) OFFSET, (byte) (data.length - OFFSET));
    } catch (InvocationTargetException e) {
      throw new SimError("the applet refused to be installed: " + reason(e.getCause()), e);
    } catch (ReflectiveOperationException e) {
      throw new SimError("the applet " + type.getName() + " has no public install method", e);
    } finally {
      Arrays.fill(data, (byte) 0xA5); // the array belongs to the card, nobody may keep it
    }
    if (applet == null) {
      throw new SimError("the applet did not register itself in install");
    }
    return applet;
  }

  private static byte[] data(byte[] aid, byte[] parameters) {
    int length = 1 + aid.length + 2 + 1 + parameters.length;
    if (length > MAX_DATA) {
      throw new SimError(
          "install parameters of "
              + parameters.length
              + " bytes are too long: at most "
              + (MAX_DATA - length + parameters.length));
    }
    byte[] data = new byte[OFFSET + length];
    int at = OFFSET;
    data[at++] = (byte) aid.length;
    System.arraycopy(aid, 0, data, at, aid.length);
    at += aid.length;
    data[at++] = 1; // control information: privileges 00
    at++;
    data[at++] = (byte) parameters.length;
    System.arraycopy(parameters, 0, data, at, parameters.length);
    return data;
  }

  private static String reason(Throwable cause) {
    if (cause instanceof CardRuntimeException) {
      int reason = ((CardRuntimeException) cause).getReason() & 0xFFFF;
      return cause.getClass().getSimpleName() + " " + Hex.word(reason);
    }
    return Failures.describe(cause);
  }

  @Override
  public void accept(Applet candidate, AID wanted) {
    if (applet != null) {
      throw new SimError("the applet registered itself twice");
    }
    applet = candidate;
    registered = wanted == null ? instance : wanted;
  }
}
