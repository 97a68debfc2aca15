package same;

/** Calls that are replaced by what they call, and calls that cannot be. */
abstract class CallsBase {
  final short[] words;

  CallsBase(short size) {
    words = new short[size];
  }

  short next() {
    words[0]++;
    return words[0];
  }

  short add(short one, short other) {
    return (short) (10 * one + other);
  }

  // The same name, other parameters.
  short add(short one) {
    return add(one, next());
  }

  short add(byte[] bytes) {
    return add(bytes[0]);
  }

  short factorial(short n) {
    return n < 2 ? 1 : (short) (n * factorial((short) (n - 1)));
  }

  boolean isEven(short n) {
    return n == 0 || isOdd((short) (n - 1));
  }

  boolean isOdd(short n) {
    return n != 0 && isEven((short) (n - 1));
  }
}

abstract class CallsMiddle extends CallsBase {
  CallsMiddle(short size) {
    super((short) (size + 1));
    words[1] = size;
  }

  // Leaves early, from a loop, and is put into its caller.
  short find(short wanted) {
    for (short i = 0; i < (short) words.length; i++) {
      if (words[i] == wanted) {
        return i;
      }
      if (words[i] < 0) {
        return (short) -2;
      }
    }
    return (short) -1;
  }

  // Changes its parameters.
  short halves(short n, short count) {
    while (n > 1) {
      n = (short) (n / 2);
      count++;
    }
    return count;
  }

  // Each argument has an effect; the order of them shows.
  short effects() {
    short before = words[0];
    return ordered(next(), before, next(), words[0]);
  }

  short ordered(short one, short two, short three, short four) {
    return (short) (1000 * four + 100 * three + 10 * two + one);
  }

  short unused(short ignored) {
    return words[0];
  }

  static short twice(short n) {
    return (short) (2 * n);
  }
}

final class Calls extends CallsMiddle {
  Calls(short size) {
    super(size);
  }

  // The argument is a local that changes between the load and the call.
  short late(short n) {
    return add(n, n = 5);
  }

  short nested(short n) {
    return add(add(n, twice(n)), add(next(), twice(next())));
  }

  boolean isBetween(short n) {
    return n > 2 && n < 7;
  }

  short conditions(short n) {
    short result = 0;
    if (isBetween(n)) {
      result = (short) (result + 1);
    }
    if (!isBetween((short) (n + 1)) || isEven(n)) {
      result = (short) (result + 2);
    }
    return isBetween(result) ? result : (short) -result;
  }

  static void print(short value) {
    System.out.println(value);
  }

  public static void main(String[] args) {
    Calls calls = new Calls((short) 6);
    print(calls.add((short) 4));
    print(calls.add(new byte[] {7}));
    print(calls.factorial((short) 7));
    print(calls.effects());
    print(calls.unused(calls.next()));
    print(calls.find((short) 6));
    print(calls.find((short) 99));
    calls.words[2] = -1;
    print(calls.find((short) 99));
    print(calls.halves((short) 100, (short) 3));
    print(calls.late((short) 2));
    print(calls.nested((short) 3));
    for (short n = 0; n < 9; n++) {
      print(calls.conditions(n));
    }
    print(new Calls((short) 2).add((short) 1));
  }
}
