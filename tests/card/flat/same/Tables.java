package same;

/** Tables in several layers, and classes and interfaces that only hold constants. */
abstract class TablesBase {
  static final byte[] SMALL = {1, 2, 3};
  static final byte LIMIT = 3;
  private static short made;

  TablesBase() {
    made++;
  }

  static short made() {
    return made;
  }
}

interface TableNumbers {
  byte LIMIT = 7;
  short FIRST = 0x1234;
}

final class TableHolder {
  static final byte[] LARGE = {9, 8, TableNumbers.LIMIT};

  private TableHolder() {}

  static short sum(byte[] bytes) {
    short sum = 0;
    for (short i = 0; i < (short) bytes.length; i++) {
      sum = (short) (sum + bytes[i]);
    }
    return sum;
  }
}

abstract class TablesMiddle extends TablesBase implements TableNumbers, Comparable<Tables> {
  static final short[] WIDE = {FIRST, 300, (short) SMALL.length};

  @Override
  public int compareTo(Tables other) {
    return other == this ? 0 : 1;
  }
}

final class Tables extends TablesMiddle {
  public static void main(String[] args) {
    Comparable<Tables> first = new Tables();
    Tables second = new Tables();
    System.out.println(first.compareTo(second) + 10 * second.compareTo(second));
    System.out.println(WIDE[0] + WIDE[1] + WIDE[2] + TablesBase.LIMIT + TableNumbers.LIMIT);
    System.out.println(TableHolder.sum(SMALL) + TableHolder.sum(TableHolder.LARGE));
    System.out.println(made());
  }
}
