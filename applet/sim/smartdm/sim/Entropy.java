package smartdm.sim;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * Where the card's random numbers come from: either a stream that a seed determines (SHA-256 over
 * seed and counter; the same for every fresh card), or the operating system. Bytes that the host
 * gave go out before.
 */
final class Entropy {
  private static byte[] seed = {};
  private static SecureRandom secure;
  private static long counter;
  private static byte[] given = {};
  private static int givenAway;

  private Entropy() {}

  static void seeded(byte[] newSeed) {
    seed = newSeed.clone();
    secure = null;
    counter = 0;
  }

  static void secure() {
    secure = new SecureRandom();
  }

  /** These bytes go out first, to whoever draws; then it goes on as before. */
  static void give(byte[] bytes) {
    given = bytes.clone();
    givenAway = 0;
  }

  /** A fresh card draws from the start of the stream. */
  static void restart() {
    counter = 0;
  }

  static void fill(byte[] target, int offset, int length) {
    int first = Math.min(length, given.length - givenAway);
    System.arraycopy(given, givenAway, target, offset, first);
    givenAway += first;
    draw(target, offset + first, length - first);
  }

  private static void draw(byte[] target, int offset, int length) {
    if (secure != null) {
      byte[] drawn = new byte[length];
      secure.nextBytes(drawn);
      System.arraycopy(drawn, 0, target, offset, length);
      return;
    }
    for (int done = 0; done < length; ) {
      byte[] block = block();
      int part = Math.min(block.length, length - done);
      System.arraycopy(block, 0, target, offset + done, part);
      done += part;
    }
  }

  private static byte[] block() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(seed);
      for (int shift = 56; shift >= 0; shift -= 8) {
        digest.update((byte) (counter >> shift));
      }
      counter++;
      return digest.digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
