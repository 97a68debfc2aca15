package smartdm.sim;

import com.licel.jcardsim.crypto.SymmetricKeyImpl;
import javacard.security.Key;
import javacard.security.KeyBuilder;
import javacard.security.MessageDigest;
import javacard.security.RandomData;
import javacard.security.Signature;
import javacardx.crypto.Cipher;

/**
 * What makes cryptographic objects, as the rewritten applet calls it. Each is an allocation, and an
 * algorithm can be missing on a card.
 */
public final class CryptoHooks {
  private CryptoHooks() {}

  private static void allocated(int kind, int algorithm) {
    Hooks.allocated();
    Hooks.memory().algorithms.require(kind, algorithm);
  }

  /** RandomData.getInstance. */
  public static RandomData random(byte algorithm) {
    allocated(Algorithms.RANDOM, algorithm);
    return new SimRandom(algorithm);
  }

  /** Cipher.getInstance. */
  public static Cipher cipher(byte algorithm, boolean external) {
    allocated(Algorithms.CIPHER, algorithm);
    return new SimCipher(Cipher.getInstance(algorithm, external));
  }

  /** Signature.getInstance. */
  public static Signature signature(byte algorithm, boolean external) {
    allocated(Algorithms.SIGNATURE, algorithm);
    return new SimSignature(Signature.getInstance(algorithm, external));
  }

  /** MessageDigest.getInstance. */
  public static MessageDigest digest(byte algorithm, boolean external) {
    allocated(Algorithms.DIGEST, algorithm);
    return new SimDigest(MessageDigest.getInstance(algorithm, external));
  }

  /** KeyBuilder.buildKey; symmetric keys are the simulator's own. */
  public static Key key(byte type, short length, boolean encryption) {
    Hooks.allocated();
    if (isAes(type)) {
      Hooks.memory().algorithms.require(Algorithms.AES_KEY, length / 8);
    }
    Key key = KeyBuilder.buildKey(type, length, encryption);
    if (!(key instanceof SymmetricKeyImpl)) {
      return key;
    }
    SimKey own = new SimKey(type, length);
    if (own.isTransient()) {
      Hooks.memory().transients.keep(own);
    }
    return own;
  }

  private static boolean isAes(byte type) {
    return type == KeyBuilder.TYPE_AES
        || type == KeyBuilder.TYPE_AES_TRANSIENT_RESET
        || type == KeyBuilder.TYPE_AES_TRANSIENT_DESELECT;
  }
}
