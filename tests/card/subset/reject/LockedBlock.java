package reject;

final class LockedBlock {
  short block(short s) {
    synchronized (this) { // reject: synchronized
      return s;
    }
  }
}
