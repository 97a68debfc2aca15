package smartdm.sim;

import java.util.SplittableRandom;

/** A power cut that is armed for the n-th persistent write from now on. */
final class Cut {
  static final int BEFORE = 0;
  static final int AFTER = 1;
  static final int HALF = 2;
  static final int GARBAGE = 3;

  private int remaining;
  private int mode;
  private SplittableRandom random;

  /** Arms the cut; n = 0 disarms it. */
  void arm(int n, int newMode, int seed) {
    if (n < 0 || newMode < BEFORE || newMode > GARBAGE) {
      throw new SimError("CUT needs a count of at least 0 and a mode of 0 to 3");
    }
    remaining = n;
    mode = newMode;
    random = new SplittableRandom((long) n << 32 | seed & 0xFFFFFFFFL);
  }

  void disarm() {
    remaining = 0;
  }

  /** Counts one write; true when the power goes away at this one. */
  boolean tick() {
    return remaining != 0 && --remaining == 0;
  }

  /**
   * Whether an atomic write at the cut still happens; in modes HALF and GARBAGE the seed decides.
   */
  boolean happens() {
    return mode == AFTER || mode != BEFORE && random.nextBoolean();
  }

  /** Leaves in {@code target} what a non-atomic write of {@code data} leaves behind at the cut. */
  void tear(byte[] data, byte[] target, int offset) {
    int whole = mode == AFTER ? data.length : mode == HALF ? data.length / 2 : 0;
    if (mode == GARBAGE) {
      random.nextBytes(data);
      whole = data.length;
    }
    System.arraycopy(data, 0, target, offset, whole);
  }
}
