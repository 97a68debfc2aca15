package reject;

final class CharField {
  final char letter = 'a'; // reject anywhere: type
}
