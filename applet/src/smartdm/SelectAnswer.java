package smartdm;

import static smartdm.Words.*;

import javacard.framework.Util;

/**
 * Level 14: the SELECT answer: versions, limits, free space, generation; nothing that names the
 * subscriber.
 */
abstract class SelectAnswer extends Batch {
  private static final byte[] FCI = {
    0x6F,
    74,
    (byte) 0x84,
    7,
    (byte) 0xF0,
    0x53,
    0x4D,
    0x44,
    0x4D,
    1,
    1,
    (byte) 0xA5,
    63,
    Wire.SELECT_VERSION,
    2,
    Wire.VERSION_MAJOR,
    Wire.VERSION_MINOR,
    Wire.SELECT_STATE,
    1,
    3,
    Wire.SELECT_LIMITS,
    6,
    0,
    (byte) Wire.LIMIT_NAME,
    (byte) Wire.LIMIT_URI,
    (byte) Wire.LIMIT_CHILDREN,
    0,
    (byte) Wire.LIMIT_VALUE,
    Wire.SELECT_CAPABILITIES,
    2,
    0,
    0,
    Wire.SELECT_GENERATION,
    3,
    0,
    0,
    0,
    Wire.SELECT_SPACE,
    5,
    0,
    0,
    0,
    0,
    0,
    Wire.SELECT_NODES,
    4,
    0,
    0,
    0,
    0,
    Wire.SELECT_TAGS,
    24
  };
  private static final short FCI_LEN = (short) 52;
  private static final short FCI_STATE = (short) 19;
  private static final short FCI_DEPTH = (short) 22;
  private static final short FCI_GENERATION = (short) 34;

  SelectAnswer(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /**
   * The SELECT answer: versions, limits, free space, generation; nothing that names the subscriber.
   */
  final short info(byte[] buf) {
    // Free space and the number of nodes are exact only after a rebuild.
    rebuild();
    short free = (short) (words[FREE] - granules(reserve));
    if (free < 0) {
      free = (short) 0;
    }
    Util.arrayCopyNonAtomic(FCI, (short) 0, buf, (short) 0, FCI_LEN);
    buf[FCI_DEPTH] = (byte) maxDepth;
    buf[FCI_STATE] = next[STATE];
    short at = (short) (generation(buf, FCI_GENERATION) + 2);
    at = Util.setShort(buf, at, (short) (free << shift));
    buf[at++] = (byte) arenaKib;
    at = (short) (Util.setShort(buf, at, reserve) + 2);
    at = Util.setShort(buf, at, (short) (words[NODES] >> 1));
    return tags(buf, (short) (Util.setShort(buf, at, nodeLimit) + 2));
  }
}
