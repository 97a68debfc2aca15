package smartdm.sim;

import javacard.security.CryptoException;
import javacard.security.Key;
import javacard.security.Signature;

/** A Signature of the simulated card: jCardSim's, counted, with the life of its key. */
final class SimSignature extends Signature {
  private final Signature engine;
  private final KeyUse use = new KeyUse("Signature");
  private Key key;
  private byte mode;
  private boolean vectorGiven;

  SimSignature(Signature engine) {
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
  public void update(byte[] in, short inOff, short inLen) {
    use.require();
    engine.update(in, inOff, inLen);
  }

  @Override
  public short sign(byte[] in, short inOff, short inLen, byte[] out, short outOff) {
    use.require();
    Hooks.requireTransient(out, "Signature.sign");
    short length = engine.sign(in, inOff, inLen, out, outOff);
    dropVector();
    return length;
  }

  @Override
  public boolean verify(
      byte[] in, short inOff, short inLen, byte[] signature, short sigOff, short sigLen) {
    use.require();
    boolean right = engine.verify(in, inOff, inLen, signature, sigOff, sigLen);
    dropVector();
    return right;
  }

  /** The initial vector is zero again (Java Card API); jCardSim would keep the given one. */
  private void dropVector() {
    if (vectorGiven) {
      engine.init(key, mode);
      vectorGiven = false;
    }
  }

  @Override
  public short getLength() {
    return engine.getLength();
  }

  @Override
  public byte getAlgorithm() {
    return engine.getAlgorithm();
  }

  @Override
  public byte getMessageDigestAlgorithm() {
    return engine.getMessageDigestAlgorithm();
  }

  @Override
  public byte getCipherAlgorithm() {
    return engine.getCipherAlgorithm();
  }

  @Override
  public byte getPaddingAlgorithm() {
    return engine.getPaddingAlgorithm();
  }

  // The build refuses applets that call what follows.

  @Override
  public void setInitialDigest(
      byte[] state, short stateOff, short stateLen, byte[] count, short countOff, short countLen) {
    CryptoException.throwIt(CryptoException.ILLEGAL_USE);
  }

  @Override
  public short signPreComputedHash(byte[] hash, short off, short len, byte[] out, short outOff) {
    throw new CryptoException(CryptoException.ILLEGAL_USE);
  }

  @Override
  public boolean verifyPreComputedHash(
      byte[] hash, short off, short len, byte[] signature, short sigOff, short sigLen) {
    throw new CryptoException(CryptoException.ILLEGAL_USE);
  }
}
