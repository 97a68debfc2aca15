package reject;

enum Enumerated { // reject anywhere: class
  A,
  B
}
