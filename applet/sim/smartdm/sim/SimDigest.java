package smartdm.sim;

import javacard.security.MessageDigest;

/** A MessageDigest of the simulated card: jCardSim's, counted; power-up leaves nothing in it. */
final class SimDigest extends MessageDigest {
  private final MessageDigest engine;
  private int session;

  SimDigest(MessageDigest engine) {
    this.engine = engine;
    session = Hooks.memory().session();
  }

  private void computes() {
    Hooks.computes();
    if (session != Hooks.memory().session()) {
      engine.reset();
      session = Hooks.memory().session();
    }
  }

  @Override
  public void update(byte[] in, short inOff, short inLen) {
    computes();
    engine.update(in, inOff, inLen);
  }

  @Override
  public short doFinal(byte[] in, short inOff, short inLen, byte[] out, short outOff) {
    computes();
    Hooks.requireTransient(out, "MessageDigest.doFinal");
    return engine.doFinal(in, inOff, inLen, out, outOff);
  }

  @Override
  public void reset() {
    engine.reset();
  }

  @Override
  public byte getAlgorithm() {
    return engine.getAlgorithm();
  }

  @Override
  public byte getLength() {
    return engine.getLength();
  }
}
