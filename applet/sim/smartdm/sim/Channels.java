package smartdm.sim;

import javacard.framework.Applet;

/** The four logical channels: which are open, and which applet is selected on each. */
final class Channels {
  static final int BASIC = 0;
  static final int COUNT = 4;

  private static final int NUMBER = 0x03;
  private static final int INS_MANAGE = 0x70;

  private final boolean[] open = new boolean[COUNT];
  private final Applet[] selected = new Applet[COUNT];

  Channels() {
    reset();
  }

  /** The channel of a class byte: 0X, 1X, 8X, 9X and AX have its number, all else is for 0. */
  static int of(byte cla) {
    switch (cla & 0xF0) {
      case 0x00:
      case 0x10:
      case 0x80:
      case 0x90:
      case 0xA0:
        return cla & NUMBER;
      default:
        return BASIC;
    }
  }

  /** Whether a command is MANAGE CHANNEL, which no applet ever sees. */
  static boolean isManage(byte[] command) {
    return (command[0] & 0xF0) == 0 && command[1] == INS_MANAGE;
  }

  /** Only the basic channel is open, with nothing selected. */
  void reset() {
    for (int channel = 0; channel < COUNT; channel++) {
      close(channel);
    }
    open[BASIC] = true;
  }

  boolean isOpen(int channel) {
    return open[channel];
  }

  void open(int channel) {
    open[channel] = true;
  }

  void close(int channel) {
    open[channel] = false;
    selected[channel] = null;
  }

  /** The lowest channel that is closed, {@link #COUNT} when none is. */
  int firstClosed() {
    int channel = 0;
    while (channel < COUNT && open[channel]) {
      channel++;
    }
    return channel;
  }

  /** The applet selected on a channel, null for none. */
  Applet selected(int channel) {
    return selected[channel];
  }

  void select(int channel, Applet applet) {
    selected[channel] = applet;
  }

  /** Whether any applet is selected on another channel than this. */
  boolean anyBeside(int channel) {
    for (int other = 0; other < COUNT; other++) {
      if (other != channel && selected[other] != null) {
        return true;
      }
    }
    return false;
  }

  /** Whether this applet is selected on another channel than this. */
  boolean isBeside(int channel, Applet applet) {
    for (int other = 0; other < COUNT; other++) {
      if (other != channel && selected[other] == applet) {
        return true;
      }
    }
    return false;
  }
}
