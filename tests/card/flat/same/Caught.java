package same;

import javacard.framework.ISOException;

/** Constructors of two layers that go on after what they ask for is refused. */
abstract class CaughtBase {
  final Object first;
  final short reason;

  CaughtBase(short which) {
    Object found = null;
    short told = 0;
    try {
      found = ask(which);
    } catch (ISOException refusal) {
      told = refusal.getReason();
    }
    first = found;
    reason = told;
  }

  static Object ask(short which) {
    if (which == 2) {
      throw new IllegalStateException("two");
    }
    if (which > 0) {
      ISOException.throwIt((short) (0x6A00 + which));
    }
    return "found";
  }
}

abstract class CaughtMiddle extends CaughtBase {
  final short second;

  CaughtMiddle(short which) {
    super(which);
    short told = 0;
    try {
      ask((short) (which + 1));
    } catch (ISOException refusal) {
      told = 1;
    } catch (IllegalStateException other) {
      told = 2;
    }
    second = told;
  }
}

/** The top. */
public final class Caught extends CaughtMiddle {
  private Caught(short which) {
    super(which);
  }

  /** Prints what the constructors caught, and what they let through. */
  public static void main(String[] args) {
    for (short which = -1; which < 4; which++) {
      try {
        Caught made = new Caught(which);
        System.out.println(which + " " + made.first + " " + made.reason + " " + made.second);
      } catch (IllegalStateException notCaught) {
        System.out.println(which + " " + notCaught.getMessage());
      }
    }
  }
}
