package smartdm.sim;

import com.licel.jcardsim.bouncycastle.crypto.CipherParameters;
import com.licel.jcardsim.bouncycastle.crypto.engines.AESEngine;
import com.licel.jcardsim.bouncycastle.crypto.params.KeyParameter;
import com.licel.jcardsim.crypto.ByteContainer;
import com.licel.jcardsim.crypto.SymmetricKeyImpl;
import java.util.Arrays;
import javacard.framework.JCSystem;
import javacard.security.KeyBuilder;

/**
 * A symmetric key of the simulated card. jCardSim's own takes new transient memory at each use,
 * clears keys for CLEAR_ON_RESET at deselection, and says of a cleared key that it is set.
 */
final class SimKey extends SymmetricKeyImpl {
  private static final int CHECK_BLOCK = 16;
  private static final int CHECK_VALUE = 3;

  private int version;
  private short length;

  SimKey(byte type, short size) {
    super(type, size);
    key = new ByteContainer(JCSystem.MEMORY_TYPE_PERSISTENT); // plain bytes, cleared by wipe()
  }

  /** CLEAR_ON_RESET, CLEAR_ON_DESELECT, or NOT_A_TRANSIENT_OBJECT. */
  byte event() {
    switch (type) {
      case KeyBuilder.TYPE_AES_TRANSIENT_RESET:
      case KeyBuilder.TYPE_DES_TRANSIENT_RESET:
      case KeyBuilder.TYPE_HMAC_TRANSIENT_RESET:
      case KeyBuilder.TYPE_KOREAN_SEED_TRANSIENT_RESET:
        return JCSystem.CLEAR_ON_RESET;
      case KeyBuilder.TYPE_AES_TRANSIENT_DESELECT:
      case KeyBuilder.TYPE_DES_TRANSIENT_DESELECT:
      case KeyBuilder.TYPE_HMAC_TRANSIENT_DESELECT:
      case KeyBuilder.TYPE_KOREAN_SEED_TRANSIENT_DESELECT:
        return JCSystem.CLEAR_ON_DESELECT;
      default:
        return JCSystem.NOT_A_TRANSIENT_OBJECT;
    }
  }

  boolean isTransient() {
    return event() != JCSystem.NOT_A_TRANSIENT_OBJECT;
  }

  /** Another number whenever the key has changed, so that who uses it can see that it has. */
  int version() {
    return version;
  }

  /**
   * The check value of an AES key (GlobalPlatform Card Specification, B.6): the first three bytes
   * of a block of 01 that is encrypted with it. Zeros for other keys, and when it holds nothing.
   */
  byte[] checkValue() {
    byte[] block = new byte[CHECK_BLOCK];
    if (isAes() && isInitialized()) {
      Arrays.fill(block, (byte) 1);
      AESEngine engine = new AESEngine();
      engine.init(true, getParameters());
      engine.processBlock(block, 0, block, 0);
    }
    return Arrays.copyOf(block, CHECK_VALUE);
  }

  private boolean isAes() {
    return type == KeyBuilder.TYPE_AES
        || type == KeyBuilder.TYPE_AES_TRANSIENT_RESET
        || type == KeyBuilder.TYPE_AES_TRANSIENT_DESELECT;
  }

  /** The event that clears the key. */
  void wipe() {
    version++;
    key.clear();
  }

  @Override
  public void clearKey() {
    Hooks.computes();
    wipe();
  }

  @Override
  public void setKey(byte[] data, short offset) {
    setKey(data, offset, (short) (size / 8));
  }

  @Override
  public void setKey(byte[] data, short offset, short newLength) {
    Hooks.computes();
    version++;
    key.setBytes(data, offset, newLength);
    length = newLength;
  }

  @Override
  public byte getKey(byte[] data, short offset) {
    Hooks.requireTransient(data, "Key.getKey");
    return super.getKey(data, offset);
  }

  /** As jCardSim's, but without a transient array that stays. */
  @Override
  public CipherParameters getParameters() {
    byte[] copy = new byte[length];
    key.getBytes(copy, (short) 0); // throws when the key is not set
    return new KeyParameter(copy);
  }
}
