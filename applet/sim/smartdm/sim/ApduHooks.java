package smartdm.sim;

import java.util.Arrays;
import javacard.framework.APDU;
import javacard.framework.Util;

/**
 * The methods of javacard.framework.APDU that receive, as the rewritten applet calls them. jCardSim
 * has all data at once; cards with a small buffer hand them over in blocks, and so does this.
 */
public final class ApduHooks {
  private static final short BLOCK = 128;
  private static final short HEADER = 5;

  private static byte[] rest = {};

  private ApduHooks() {}

  /** APDU.setIncomingAndReceive: the first block; what is behind it is not in the buffer yet. */
  public static short setIncomingAndReceive(APDU apdu) {
    short len = apdu.setIncomingAndReceive();
    byte[] buffer = apdu.getBuffer();
    short first = (short) Math.min(len, BLOCK);
    rest = Arrays.copyOfRange(buffer, HEADER + first, HEADER + len);
    Arrays.fill(buffer, HEADER + first, HEADER + len, (byte) 0);
    return first;
  }

  /** APDU.receiveBytes: the next block, 0 when there is none. */
  public static short receiveBytes(APDU apdu, short offset) {
    short len = (short) Math.min(rest.length, BLOCK);
    Util.arrayCopyNonAtomic(rest, (short) 0, apdu.getBuffer(), offset, len);
    rest = Arrays.copyOfRange(rest, len, rest.length);
    return len;
  }
}
