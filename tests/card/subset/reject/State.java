package reject;

final class State { // converter: takes it
  short counter; // reject anywhere: state
  static byte last; // reject anywhere: state
}
