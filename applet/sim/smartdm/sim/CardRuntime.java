package smartdm.sim;

import com.licel.jcardsim.base.SimulatorRuntime;
import com.licel.jcardsim.base.TransientMemory;
import com.licel.jcardsim.utils.BiConsumer;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import javacard.framework.AID;
import javacard.framework.APDU;
import javacard.framework.Applet;
import javacard.framework.CardRuntimeException;
import javacard.framework.ISOException;

/** jCardSim with the transactions of {@link Memory} and an install that tells what went wrong. */
final class CardRuntime extends SimulatorRuntime {
  /** Where the install data begin in the array: not at 0, as on cards. */
  private static final int INSTALL_OFFSET = 5;

  private static final int MAX_INSTALL_DATA = 127;

  private static final int LONGEST_COMMAND = 261;

  private final Memory memory;

  CardRuntime(Memory memory) {
    super(new CountedTransients(memory));
    this.memory = memory;
    makeRoom();
  }

  /**
   * The longest short command, 255 bytes with an Le behind them, takes one byte more than
   * jCardSim's APDU buffer holds.
   */
  private void makeRoom() {
    try {
      Field buffer = APDU.class.getDeclaredField("buffer");
      buffer.setAccessible(true);
      buffer.set(shortAPDU, new byte[LONGEST_COMMAND]);
    } catch (ReflectiveOperationException e) {
      throw new SimError("this jCardSim keeps no buffer in its APDU", e);
    }
  }

  /**
   * Installs an applet with the data a card hands over: LV instance AID, LV control information
   * (one byte of privileges), LV parameters.
   */
  Applet install(Class<? extends Applet> type, byte[] aid, byte[] parameters) {
    byte[] data = installData(aid, parameters);
    AID instance = new AID(aid, (short) 0, (byte) aid.length);
    Registration registration = new Registration(instance);
    activateSimulatorRuntimeInstance();
    registrationCallback.set(registration);
    try {
      Method install = type.getMethod("install", byte[].class, short.class, byte.class);
      int length = data.length - INSTALL_OFFSET;
      install.invoke(null, data, (short) INSTALL_OFFSET, (byte) length);
    } catch (InvocationTargetException e) {
      throw new SimError("the applet refused to be installed: " + reason(e.getCause()), e);
    } catch (ReflectiveOperationException e) {
      throw new SimError("the applet " + type.getName() + " has no public install method", e);
    } finally {
      registrationCallback.set(null);
      Arrays.fill(data, (byte) 0xA5); // the array belongs to the card, nobody may keep it
    }
    if (registration.applet == null) {
      throw new SimError("the applet did not register itself in install");
    }
    return registration.applet;
  }

  private static byte[] installData(byte[] aid, byte[] parameters) {
    int length = 1 + aid.length + 2 + 1 + parameters.length;
    if (length > MAX_INSTALL_DATA) {
      throw new SimError(
          "install parameters of "
              + parameters.length
              + " bytes are too long: at most "
              + (MAX_INSTALL_DATA - length + parameters.length));
    }
    byte[] data = new byte[INSTALL_OFFSET + length];
    int at = INSTALL_OFFSET;
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

  /**
   * An exception without a status word is 6F00 (JCRE 2.2.1, 3.3); jCardSim 3.0.5 makes the reason
   * of some a status word.
   */
  @Override
  public byte[] transmitCommand(byte[] command) {
    byte[] answer = super.transmitCommand(command);
    Throwable failure = Hooks.failure();
    return failure == null || failure instanceof ISOException ? answer : new byte[] {0x6F, 0x00};
  }

  @Override
  public void beginTransaction() {
    memory.begin();
  }

  @Override
  public void commitTransaction() {
    memory.commit();
  }

  @Override
  public void abortTransaction() {
    memory.abort();
  }

  @Override
  public byte getTransactionDepth() {
    return (byte) (memory.inTransaction() ? 1 : 0);
  }

  @Override
  public short getMaxCommitCapacity() {
    return (short) Math.min(memory.capacity(), Short.MAX_VALUE);
  }

  @Override
  public short getUnusedCommitCapacity() {
    return (short) Math.min(memory.unused(), Short.MAX_VALUE);
  }

  /** Enters the applet under the AID that it asks for. */
  private final class Registration implements BiConsumer<Applet, AID> {
    private final AID instance;
    private Applet applet;

    Registration(AID instance) {
      this.instance = instance;
    }

    @Override
    public void accept(Applet registered, AID aid) {
      if (applet != null) {
        throw new SimError("the applet registered itself twice");
      }
      applet = registered;
      AID own = aid == null ? instance : aid;
      applets.put(own, new ApplicationInstance(own, registered));
    }
  }

  /** Transient arrays are allocations too, and they take of a memory that is small. */
  private static final class CountedTransients extends TransientMemory {
    private final Memory memory;

    CountedTransients(Memory memory) {
      this.memory = memory;
    }

    @Override
    protected void storeArray(Object array, byte event) {
      super.storeArray(array, event);
      if (memory != null) {
        memory.meter.madeTransient(array, bytes(array), event);
      }
    }

    /** Bytes on a card: a boolean takes one, a reference two. */
    private static int bytes(Object array) {
      int width = array instanceof byte[] || array instanceof boolean[] ? 1 : 2;
      return Array.getLength(array) * width;
    }
  }
}
