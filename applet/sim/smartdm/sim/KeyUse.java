package smartdm.sim;

import javacard.security.CryptoException;
import javacard.security.Key;

/**
 * The key that a cipher or a signature was initialized with. Each event that clears the key leaves
 * the object without one (Java Card API 2.2.1, classes Cipher and Signature), and so does power-up.
 */
final class KeyUse {
  private final String user;
  private Key key;
  private int version;
  private int session;

  /** {@code user}: Cipher or Signature, for messages. */
  KeyUse(String user) {
    this.user = user;
  }

  /** A call of init begins; until {@link #begun} the object has no key. */
  void begin() {
    Hooks.computes();
    key = null;
  }

  void begun(Key newKey) {
    key = newKey;
    version = versionOf(newKey);
    session = Hooks.memory().session();
  }

  /** A call that needs the key. */
  void require() {
    Hooks.computes();
    if (key == null) {
      CryptoException.throwIt(CryptoException.INVALID_INIT);
    }
    if (session != Hooks.memory().session() || !key.isInitialized()) {
      CryptoException.throwIt(CryptoException.UNINITIALIZED_KEY);
    }
    if (version != versionOf(key)) {
      Hooks.refuse(user + " is used with a key that was set anew after init: each card differs");
    }
  }

  private static int versionOf(Key key) {
    return key instanceof SimKey ? ((SimKey) key).version() : 0;
  }
}
