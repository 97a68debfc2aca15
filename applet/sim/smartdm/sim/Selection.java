package smartdm.sim;

import javacard.framework.Applet;
import javacard.framework.MultiSelectable;

/**
 * Selects and deselects applets on logical channels (JCRE 2.2.1, chapter 4). All applets of a card
 * are of one package, so one that is selected anywhere makes the context of all of them active.
 */
final class Selection {
  static final int DONE = 0x9000;
  static final int UNCHANGED = 0x6200;
  static final int WRONG_LENGTH = 0x6700;
  static final int NO_CHANNEL = 0x6881;
  static final int NO_SECURE_MESSAGING = 0x6882;
  static final int CONDITIONS = 0x6985;
  static final int NOT_SELECTED = 0x6999;
  static final int NO_FUNCTION = 0x6A81;
  static final int WRONG_PARAMETERS = 0x6A86;
  static final int EXPECT_ONE = 0x6C01;

  private static final int SECURE = 0x0C;
  private static final int CLOSE = 0x80;
  private static final int P1 = 2;
  private static final int P2 = 3;
  private static final int LE = 4;
  private static final int CASE_2 = 5;

  final Channels channels = new Channels();
  private final CardRuntime runtime;
  private final Memory memory;

  Selection(CardRuntime runtime, Memory memory) {
    this.runtime = runtime;
    this.memory = memory;
  }

  /**
   * SELECT of an applet on an open channel. Where its context is active on another channel, it must
   * be MultiSelectable; if it declines, nothing is selected there any more.
   */
  int select(int channel, Applet candidate) {
    if (channels.anyBeside(channel) && !(candidate instanceof MultiSelectable)) {
      return CONDITIONS;
    }
    deselect(channel);
    return accept(channel, candidate) ? DONE : NOT_SELECTED;
  }

  private boolean accept(int channel, Applet candidate) {
    boolean accepted = false;
    runtime.enter(candidate, channel);
    try {
      accepted =
          channels.anyBeside(channel)
              ? ((MultiSelectable) candidate).select(channels.isBeside(channel, candidate))
              : candidate.select();
    } catch (PowerLoss e) {
      throw e;
    } catch (Throwable e) { // whatever it is, the applet has declined
      Hooks.failed(e);
    }
    memory.rollBack();
    channels.select(channel, accepted ? candidate : null);
    clearIfLast(channel, accepted);
    return accepted;
  }

  /** Leaves a channel without an applet. */
  private void deselect(int channel) {
    Applet applet = channels.selected(channel);
    if (applet == null) {
      return;
    }
    runtime.enter(applet, channel);
    try {
      if (channels.anyBeside(channel)) {
        ((MultiSelectable) applet).deselect(channels.isBeside(channel, applet));
      } else {
        applet.deselect();
      }
    } catch (PowerLoss e) {
      throw e;
    } catch (Throwable e) { // the applet cannot keep itself selected
      Hooks.failed(e);
    }
    memory.rollBack();
    channels.select(channel, null);
    clearIfLast(channel, false);
  }

  /** What is CLEAR_ON_DESELECT belongs to the package: it lives as long as any applet of it. */
  private void clearIfLast(int channel, boolean occupied) {
    if (!occupied && !channels.anyBeside(channel)) {
      memory.transients.clearOnDeselect();
    }
  }

  /** MANAGE CHANNEL, with its answer. */
  byte[] manage(byte[] command) {
    int number = command[P2] & 0xFF;
    boolean closes = (command[P1] & 0xFF) == CLOSE;
    if ((command[0] & SECURE) != 0) {
      return word(NO_SECURE_MESSAGING);
    }
    if (!closes && command[P1] != 0 || number >= Channels.COUNT) {
      return word(NO_FUNCTION);
    }
    int origin = Channels.of(command[0]);
    if (!channels.isOpen(origin)) {
      return word(NO_CHANNEL);
    }
    if (command.length > CASE_2) {
      return word(WRONG_LENGTH);
    }
    if (closes) {
      return word(close(number));
    }
    return number == 0 ? openAny(origin, command) : word(openNumbered(origin, number));
  }

  private int close(int number) {
    if (number == Channels.BASIC) {
      return NO_FUNCTION;
    }
    if (!channels.isOpen(number)) {
      return UNCHANGED;
    }
    deselect(number);
    channels.close(number);
    return DONE;
  }

  private byte[] openAny(int origin, byte[] command) {
    if (command.length != CASE_2 || command[LE] != 1) {
      return word(EXPECT_ONE);
    }
    int number = channels.firstClosed();
    int done = number == Channels.COUNT ? NO_FUNCTION : openNumbered(origin, number);
    return done == DONE ? new byte[] {(byte) number, (byte) (done >> 8), (byte) done} : word(done);
  }

  /** From another channel than the basic one, what is selected there is selected here as well. */
  private int openNumbered(int origin, int number) {
    if (channels.isOpen(number)) {
      return WRONG_PARAMETERS;
    }
    Applet candidate = origin == Channels.BASIC ? null : channels.selected(origin);
    if (candidate != null && !(candidate instanceof MultiSelectable)) {
      return CONDITIONS;
    }
    channels.open(number);
    if (candidate != null && !accept(number, candidate)) {
      channels.close(number);
      return NOT_SELECTED;
    }
    return DONE;
  }

  static byte[] word(int status) {
    return new byte[] {(byte) (status >> 8), (byte) status};
  }
}
