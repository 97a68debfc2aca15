package smartdm.sim;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * The card's side of T=0 (ISO 7816-3, 10.3 and 12.2): a command has data or an expected length,
 * never both. What a command answers beyond that is kept until GET RESPONSE on the same channel, or
 * until it comes again with the right length; any other command drops it.
 */
final class ByteMode {
  private static final int HEADER = 5;
  private static final int P3 = 4;
  private static final int GET_RESPONSE = 0xC0;
  private static final int MORE = 0x61;
  private static final int WRONG_LENGTH = 0x6C;
  private static final int MOST = 256;
  private static final byte[] MALFORMED = {0x67, 0x00};

  private final UnaryOperator<byte[]> card;
  private byte[] kept;

  /** The logical channel whose command left {@link #kept}. */
  private int channel;

  private byte[] repeated;

  /** {@code card}: answers APDUs, null when it lost power. */
  ByteMode(UnaryOperator<byte[]> card) {
    this.card = card;
  }

  void reset() {
    kept = null;
    repeated = null;
  }

  /** One command in the form of T=0 to its answer; null when the card lost power. */
  byte[] exchange(byte[] command) {
    int p3 = command.length < HEADER ? -1 : command[P3] & 0xFF;
    boolean outgoing = command.length == HEADER;
    if (p3 < 0 || !outgoing && (p3 == 0 || command.length != HEADER + p3)) {
      return MALFORMED;
    }
    byte[] answer = kept;
    boolean fetching = outgoing && answer != null && isFetch(command);
    reset();
    channel = Channels.of(command[0]);
    if (!fetching) {
      answer = card.apply(outgoing ? everything(command) : Arrays.copyOf(command, HEADER + p3 + 1));
    }
    if (answer == null) {
      return null;
    }
    return outgoing ? give(command, answer, p3 == 0 ? MOST : p3) : announce(answer, new byte[0]);
  }

  private boolean isFetch(byte[] command) {
    boolean getResponse =
        (command[1] & 0xFF) == GET_RESPONSE
            && (command[2] | command[3]) == 0
            && Channels.of(command[0]) == channel;
    return repeated == null ? getResponse : Arrays.equals(repeated, 0, P3, command, 0, P3);
  }

  /** MANAGE CHANNEL wants to see the length that is expected. */
  private static byte[] everything(byte[] command) {
    byte[] whole = command.clone();
    if (!Channels.isManage(command)) {
      whole[P3] = 0;
    }
    return whole;
  }

  /**
   * As many bytes as were asked for, at the most; a command that asks for more is to come again.
   */
  private byte[] give(byte[] command, byte[] answer, int wanted) {
    int length = answer.length - 2;
    if (length == 0 || length == wanted) {
      return answer;
    }
    if (length < wanted) {
      kept = answer;
      repeated = command;
      return new byte[] {WRONG_LENGTH, (byte) length};
    }
    return announce(
        Arrays.copyOfRange(answer, wanted, answer.length), Arrays.copyOf(answer, wanted));
  }

  /** {@code first}, and the status word that tells how much is left. */
  private byte[] announce(byte[] left, byte[] first) {
    int length = left.length - 2;
    if (length == 0) {
      return left;
    }
    kept = left;
    byte[] answer = Arrays.copyOf(first, first.length + 2);
    answer[first.length] = MORE;
    answer[first.length + 1] = (byte) Math.min(length, MOST);
    return answer;
  }
}
