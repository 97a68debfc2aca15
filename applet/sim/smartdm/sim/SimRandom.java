package smartdm.sim;

import javacard.security.CryptoException;
import javacard.security.RandomData;

/** RandomData of the simulated card; jCardSim's own always starts from the same seed. */
@SuppressWarnings("deprecation") // generateData is what Java Card 2.2.1 has
final class SimRandom extends RandomData {
  private final byte algorithm;

  SimRandom(byte algorithm) {
    if (algorithm < ALG_PSEUDO_RANDOM || algorithm > ALG_KEYGENERATION) {
      CryptoException.throwIt(CryptoException.NO_SUCH_ALGORITHM);
    }
    this.algorithm = algorithm;
  }

  @Override
  public void generateData(byte[] buffer, short offset, short length) {
    Hooks.computes();
    Hooks.requireTransient(buffer, "RandomData.generateData");
    if (length == 0) {
      CryptoException.throwIt(CryptoException.ILLEGAL_VALUE);
    }
    Entropy.fill(buffer, offset, length);
  }

  @Override
  public short nextBytes(byte[] buffer, short offset, short length) {
    generateData(buffer, offset, length);
    return (short) (offset + length);
  }

  /**
   * A seed given by the applet adds nothing here: which stream is drawn from is the host's choice.
   */
  @Override
  public void setSeed(byte[] buffer, short offset, short length) {
    if (offset < 0 || length < 0 || offset + length > buffer.length) {
      throw new ArrayIndexOutOfBoundsException();
    }
  }

  @Override
  public byte getAlgorithm() {
    return algorithm;
  }
}
