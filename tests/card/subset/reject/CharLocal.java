package reject;

final class CharLocal {
  static short letter() {
    char c = 'a'; // reject: type
    return (short) c;
  }
}
