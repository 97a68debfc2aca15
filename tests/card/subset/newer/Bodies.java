package newer;

interface Bodies { // reject anywhere: version
  default short one() {
    return 1; // reject: interface
  }

  static short two() {
    return 2; // reject: interface
  }
}
