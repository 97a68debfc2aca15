package same;

import javacard.framework.ISOException;

/** Loops, switches, exceptions, and ends that are the same in several places. */
abstract class FlowsBase {
  final byte[] bytes = {5, 4, 3, 2, 1};
  short count;

  static void refuse(byte low) {
    ISOException.throwIt((short) (0x6A00 + low));
  }

  static void atMost(short value, short limit) {
    if (value > limit) {
      refuse((byte) 0x10);
    }
  }

  // Never returns, and its caller has no value for what follows.
  short refused(short value) {
    if (value == 3) {
      refuse((byte) 0x20);
      return 1;
    }
    if (value == 4) {
      ISOException.throwIt((short) 0x6F00);
    }
    return value;
  }

  short table(short n) {
    switch (n) {
      case 1:
        count = (short) (count + 1);
        return 10;
      case 2:
        count = (short) (count + 2);
        break;
      case 3:
        count = (short) (count + 1);
        return 10;
      default:
        return 0;
    }
    return count;
  }

  short lookup(short n) {
    short result = 1;
    switch (n) {
      case -100:
        result = 2;
        break;
      case 1000:
        result = 3;
        break;
      default:
    }
    return result;
  }
}

final class Flows extends FlowsBase {
  short sort() {
    short moves = 0;
    for (short i = 0; i < (short) bytes.length; i++) {
      for (short j = 0; j < (short) (bytes.length - 1); j++) {
        if (bytes[j] <= bytes[(short) (j + 1)]) {
          continue;
        }
        byte larger = bytes[j];
        bytes[j] = bytes[(short) (j + 1)];
        bytes[(short) (j + 1)] = larger;
        moves++;
        if (moves > 50) {
          break;
        }
      }
    }
    return moves;
  }

  short caught(short n) {
    short before = count;
    try {
      before = (short) (before + 100);
      atMost(n, (short) 5);
      before = (short) (before + refused(n));
    } catch (ISOException e) {
      return (short) (before - e.getReason());
    } finally {
      count = (short) (count + 1);
    }
    return before;
  }

  // Most ways out are the same.
  short steps(short n) {
    if (n < 0) {
      refuse((byte) 1);
    }
    if (n == 1) {
      bytes[0] = (byte) n;
      count = (short) (count + n);
      return count;
    }
    if (n == 2) {
      refuse((byte) 1);
    }
    if (n == 3) {
      byte last = bytes[4];
      bytes[0] = last;
      count = (short) (count + n);
      return count;
    }
    if (n > 6) {
      refuse((byte) 2);
    }
    while (n > 4) {
      n--;
      if (n == 5) {
        refuse((byte) 2);
      }
    }
    return n;
  }

  short tried(short n) {
    try {
      return steps(n);
    } catch (ISOException e) {
      return e.getReason();
    }
  }

  public static void main(String[] args) {
    Flows flows = new Flows();
    System.out.println(flows.sort());
    for (byte each : flows.bytes) {
      System.out.println(each);
    }
    for (short n = -2; n < 9; n++) {
      System.out.println(flows.table(n) + flows.count);
      System.out.println(flows.caught(n));
      System.out.println(flows.tried(n));
    }
    System.out.println(
        flows.lookup((short) -100) + flows.lookup((short) 1000) + flows.lookup((short) 7));
    System.out.println(flows.count);
  }
}
