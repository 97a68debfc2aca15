package smartdm.sim;

import java.nio.ByteBuffer;

/** Who is asking, and what the card has seen of it: what a door of the applet would set. */
record Asking(int principal, byte proof) {
  static final int LENGTH = 3;

  /** From {@code principal 2, proof bits 1}. */
  static Asking of(ByteBuffer body) {
    return new Asking(body.getShort() & 0xFFFF, body.get());
  }

  /** Whether it is nobody. */
  boolean isNobody() {
    return principal == 0;
  }
}
