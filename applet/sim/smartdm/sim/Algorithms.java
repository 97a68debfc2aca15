package smartdm.sim;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import javacard.security.CryptoException;

/** What a card can compute: all that the API of jCardSim has, but for what the host took away. */
final class Algorithms {
  static final int RANDOM = 1;
  static final int SIGNATURE = 2;
  static final int CIPHER = 3;
  static final int DIGEST = 4;

  /** Lengths of AES keys, in bytes. */
  static final int AES_KEY = 5;

  static final Algorithms ALL = new Algorithms(ByteBuffer.allocate(0));

  private final Set<Integer> missing = new HashSet<>();

  /** {@code pairs}: kind 1, algorithm 1, of each that is missing. */
  Algorithms(ByteBuffer pairs) {
    if (pairs.remaining() % 2 != 0) {
      throw new SimError("WITHOUT needs pairs of a kind and an algorithm");
    }
    while (pairs.hasRemaining()) {
      int kind = pairs.get();
      if (kind < RANDOM || kind > AES_KEY) {
        throw new SimError("WITHOUT knows the kinds 1 to 5, not " + kind);
      }
      missing.add(number(kind, pairs.get()));
    }
  }

  private static int number(int kind, int algorithm) {
    return kind << 8 | algorithm & 0xFF;
  }

  /** As a card answers that does not have it. */
  void require(int kind, int algorithm) {
    if (missing.contains(number(kind, algorithm))) {
      CryptoException.throwIt(CryptoException.NO_SUCH_ALGORITHM);
    }
  }
}
