package smartdm.sim;

import com.licel.jcardsim.base.ApduCase;
import com.licel.jcardsim.base.SimulatorRuntime;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import javacard.framework.AID;
import javacard.framework.APDU;
import javacard.framework.Applet;
import javacard.framework.ISOException;
import javacardx.apdu.ExtendedLength;

/**
 * jCardSim with the transactions of {@link Memory}, the channels of {@link Selection}, and an
 * install that tells what went wrong.
 */
final class CardRuntime extends SimulatorRuntime {
  private static final int LONGEST_COMMAND = 261;

  /** Where jCardSim's APDU keeps the logical channel among its variables. */
  private static final int LOGICAL_CHANNEL = 6;

  private static final int NOTHING_SELECTED = 0x6986;
  private static final int NOT_FOUND = 0x6A82;
  private static final int FAULT = 0x6F00;

  private final Memory memory;
  private final Selection selection;
  private final Map<Applet, AID> instances = new IdentityHashMap<>();
  private final short[] shortVariables;
  private final short[] extendedVariables;
  private int assigned;

  CardRuntime(Memory memory) {
    super(memory.transients);
    this.memory = memory;
    selection = new Selection(this, memory);
    try {
      makeRoom();
      shortVariables = variables(shortAPDU);
      extendedVariables = variables(extendedAPDU);
    } catch (ReflectiveOperationException e) {
      throw new SimError("this jCardSim has another APDU", e);
    }
  }

  /**
   * The longest short command, 255 bytes with an Le behind them, takes one byte more than
   * jCardSim's APDU buffer holds.
   */
  private void makeRoom() throws ReflectiveOperationException {
    Field buffer = APDU.class.getDeclaredField("buffer");
    buffer.setAccessible(true);
    buffer.set(shortAPDU, new byte[LONGEST_COMMAND]);
  }

  private static short[] variables(APDU apdu) throws ReflectiveOperationException {
    Field variables = APDU.class.getDeclaredField("ramVars");
    variables.setAccessible(true);
    return (short[]) variables.get(apdu);
  }

  /** Installs an applet under the AID that it asks for. */
  Applet install(Class<? extends Applet> type, byte[] aid, byte[] parameters) {
    Installation installation = new Installation(aid);
    activateSimulatorRuntimeInstance();
    registrationCallback.set(installation);
    Applet applet;
    try {
      applet = installation.run(type, aid, parameters);
    } finally {
      registrationCallback.set(null);
    }
    if (Hooks.refused()) {
      throw new SimError(
          "the applet cannot be installed: " + Failures.describe(Hooks.takeFailure()));
    }
    AID own = installation.aid();
    if (applets.put(own, new ApplicationInstance(own, applet)) != null) {
      throw new SimError("two applets of this card have the same AID");
    }
    instances.put(applet, own);
    return applet;
  }

  /** The applet selected on the channel of a class byte, null for none. */
  Applet selected(byte cla) {
    return selection.channels.selected(Channels.of(cla));
  }

  /** From now on this applet runs, on this channel. */
  void enter(Applet applet, int channel) {
    currentAID = instances.get(applet);
    assigned = channel;
  }

  @Override
  public byte getAssignedChannel() {
    return (byte) assigned;
  }

  @Override
  public void reset() {
    super.reset();
    selection.channels.reset();
  }

  /**
   * One command. What the simulated card had to refuse is 6F00 whatever the applet made of it, as
   * is every exception without a status word (JCRE 2.2.1, 3.3).
   */
  @Override
  public byte[] transmitCommand(byte[] command) {
    activateSimulatorRuntimeInstance();
    Hooks.startApdu();
    try {
      byte[] answer = dispatch(command);
      return Hooks.refused() ? Selection.word(FAULT) : answer;
    } finally {
      selecting = false;
      resetAPDU(getCurrentAPDU(), null, null);
    }
  }

  private byte[] dispatch(byte[] command) {
    ApduCase form = ApduCase.getCase(command);
    int channel = Channels.of(command[0]);
    if (!form.isExtended() && Channels.isManage(command)) {
      return selection.manage(command);
    }
    int done = Selection.DONE;
    if (!form.isExtended() && isAppletSelectionApdu(command)) {
      done = select(command, form, channel);
    } else if (!selection.channels.isOpen(channel)) {
      done = Selection.NO_CHANNEL;
    }
    return done == Selection.DONE ? deliver(command, form, channel) : Selection.word(done);
  }

  /**
   * SELECT by name opens its channel. An AID that the card does not have is for the applet there.
   */
  private int select(byte[] command, ApduCase form, int channel) {
    selection.channels.open(channel);
    AID found = findAppletForSelectApdu(command, form);
    if (found != null) {
      selecting = true;
      return selection.select(channel, applets.get(found).getApplet());
    }
    if (selection.channels.selected(channel) != null) {
      return Selection.DONE;
    }
    return channel == Channels.BASIC ? Selection.NOT_SELECTED : NOT_FOUND;
  }

  private byte[] deliver(byte[] command, ApduCase form, int channel) {
    Applet applet = selection.channels.selected(channel);
    if (applet == null) {
      boolean basic = channel == Channels.BASIC;
      return Selection.word(basic ? NOTHING_SELECTED : Selection.NOT_SELECTED);
    }
    usingExtendedAPDUs = form.isExtended();
    if (usingExtendedAPDUs && !(applet instanceof ExtendedLength)) {
      return Selection.word(Selection.WRONG_LENGTH);
    }
    enter(applet, channel);
    responseBufferSize = 0;
    APDU apdu = getCurrentAPDU();
    resetAPDU(apdu, form, command);
    (usingExtendedAPDUs ? extendedVariables : shortVariables)[LOGICAL_CHANNEL] = (short) channel;
    int status = process(applet, apdu);
    int length = keepsData(status >> 8) ? responseBufferSize : 0;
    byte[] answer = Arrays.copyOf(responseBuffer, length + 2);
    answer[length] = (byte) (status >> 8);
    answer[length + 1] = (byte) status;
    return answer;
  }

  private static int process(Applet applet, APDU apdu) {
    try {
      applet.process(apdu);
      return Selection.DONE;
    } catch (PowerLoss e) {
      throw e;
    } catch (ISOException e) {
      Hooks.failed(e);
      return e.getReason() & 0xFFFF;
    } catch (Throwable e) { // whatever it is, the card lives on
      Hooks.failed(e);
      return FAULT;
    }
  }

  /** An answer with an error has no data. */
  private static boolean keepsData(int sw1) {
    return sw1 >= 0x61 && sw1 <= 0x63 || sw1 >= 0x90 && sw1 <= 0x9F;
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
}
