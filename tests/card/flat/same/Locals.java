package same;

/** Locals of both kinds, parameters that change, final fields and what only looks like them. */
abstract class LocalsBase {
  final short[] words;
  final byte[] bytes;
  final short size;
  short[] other;

  // Moves its parameter; the layers above still want the first value.
  LocalsBase(byte[] from, short at, short end) {
    short found = 0;
    while (at < end) {
      found = (short) (found + from[at]);
      at++;
    }
    size = found;
    words = new short[size];
    bytes = from;
    other = words;
    fill((short) 0);
  }

  // Is called before the top's constructor is done, and when it is.
  void fill(short first) {
    final short[] w = words;
    for (short i = first; i < size; i++) {
      w[i] = (short) (i + first);
    }
    w[0] = (short) w.length;
  }

  short sum() {
    final short[] w = words;
    short sum = 0;
    for (short i = 0; i < (short) w.length; i++) {
      sum = (short) (sum + w[i]);
    }
    return sum;
  }
}

abstract class LocalsMiddle extends LocalsBase {
  final short start;

  LocalsMiddle(byte[] from, short at, short end) {
    super(from, (short) (at + 1), end);
    at = (short) (2 * at);
    start = at;
  }

  // An array that is not always the same one is loaded anew.
  short exchanged() {
    short[] w = other;
    other = new short[] {1, 2, 3};
    short before = w[0];
    w = other;
    return (short) (before + w[0] + other[2] + w.length);
  }
}

final class Locals extends LocalsMiddle {
  final short last;

  Locals(byte[] from, short at, short end) {
    super(from, at, end);
    last = (short) (end - at + start);
    if (last > 3) {
      fill((short) 1);
    }
  }

  // One number after the other serves for arrays and for shorts.
  short kinds(short n, byte[] given) {
    short result = 0;
    if (n > 0) {
      short[] w = words;
      short a = w[1];
      short b = (short) (a + n);
      result = (short) (a * b + w.length);
    } else {
      byte[] b = given;
      short a = b[0];
      result = (short) (a - b.length);
    }
    {
      byte[] c = bytes;
      short d = c[1];
      given = c;
      n = (short) (given[2] + d);
    }
    for (short i = 0; i < 2; i++) {
      short[] w = new short[] {n, result};
      result = (short) (w[i] + w[(short) (1 - i)]);
    }
    return (short) (result + given.length + n);
  }

  short many(short a, short b, short c, short d, short e) {
    short f = (short) (a + b);
    short g = (short) (c + d);
    short h = (short) (e + f);
    short i = (short) (g + h);
    a = (short) (b + i);
    b = (short) (a + f++);
    c = f;
    c += 3;
    d = (short) (c + 300);
    d--;
    bytes[2] = (byte) (d + 200);
    return (short) (a + b + c + d + e + f + g + h + i + bytes[2]);
  }

  public static void main(String[] args) {
    byte[] from = {1, 2, 3, 4, 5};
    Locals locals = new Locals(from, (short) 1, (short) 4);
    System.out.println(locals.size + 100 * locals.start + 1000 * locals.last);
    System.out.println(locals.sum());
    System.out.println(locals.exchanged());
    System.out.println(locals.kinds((short) 2, from));
    System.out.println(locals.kinds((short) -2, new byte[] {9, 8}));
    System.out.println(locals.many((short) 1, (short) 2, (short) 3, (short) 4, (short) 5));
    System.out.println(new Locals(from, (short) 0, (short) 2).sum());
  }
}
