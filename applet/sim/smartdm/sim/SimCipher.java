package smartdm.sim;

import javacard.security.Key;
import javacardx.crypto.Cipher;

/** A Cipher of the simulated card: jCardSim's, counted, with the life of its key. */
final class SimCipher extends Cipher {
  private final Cipher engine;
  private final KeyUse use = new KeyUse("Cipher");
  private Key key;
  private byte mode;
  private boolean vectorGiven;

  SimCipher(Cipher engine) {
    this.engine = engine;
  }

  @Override
  public void init(Key newKey, byte newMode) {
    use.begin();
    engine.init(newKey, newMode);
    use.begun(newKey);
    vectorGiven = false;
  }

  @Override
  public void init(Key newKey, byte newMode, byte[] vector, short offset, short length) {
    use.begin();
    engine.init(newKey, newMode, vector, offset, length);
    use.begun(newKey);
    key = newKey;
    mode = newMode;
    vectorGiven = true;
  }

  @Override
  public short update(byte[] in, short inOff, short inLen, byte[] out, short outOff) {
    use.require();
    Hooks.requireTransient(out, "Cipher.update");
    return engine.update(in, inOff, inLen, out, outOff);
  }

  /** Then the initial vector is zero again (Java Card API); jCardSim would keep the given one. */
  @Override
  public short doFinal(byte[] in, short inOff, short inLen, byte[] out, short outOff) {
    use.require();
    Hooks.requireTransient(out, "Cipher.doFinal");
    short length = engine.doFinal(in, inOff, inLen, out, outOff);
    if (vectorGiven) {
      engine.init(key, mode);
      vectorGiven = false;
    }
    return length;
  }

  @Override
  public byte getAlgorithm() {
    return engine.getAlgorithm();
  }

  @Override
  public byte getCipherAlgorithm() {
    return engine.getCipherAlgorithm();
  }

  @Override
  public byte getPaddingAlgorithm() {
    return engine.getPaddingAlgorithm();
  }
}
