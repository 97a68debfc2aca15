package smartdm.sim;

/**
 * The persistent arrays of a card: array identity to allocation number (1, 2, ... in the order of
 * allocation; 0 = not persistent). Asked at every array store of the applet, therefore an open hash
 * table of its own with the last hit and the last miss remembered.
 */
final class ArrayTable {
  private Object[] arrays = new Object[256];
  private int[] numbers = new int[256];
  private int count;
  private Object lastHit;
  private int lastNumber;
  private Object lastMiss;

  /** Enters an array; its number is one more than that of the array before. */
  void add(Object array) {
    if (2 * count >= arrays.length) {
      grow();
    }
    count++;
    put(array, count);
    lastMiss = null;
  }

  /** The allocation number, 0 for anything that is not a persistent array. */
  int number(Object array) {
    if (array == lastHit) {
      return lastNumber;
    }
    if (array == lastMiss || array == null) {
      return 0;
    }
    int mask = arrays.length - 1;
    int slot = System.identityHashCode(array) & mask;
    while (arrays[slot] != null) {
      if (arrays[slot] == array) {
        lastHit = array;
        lastNumber = numbers[slot];
        return lastNumber;
      }
      slot = (slot + 1) & mask;
    }
    lastMiss = array;
    return 0;
  }

  private void put(Object array, int number) {
    int mask = arrays.length - 1;
    int slot = System.identityHashCode(array) & mask;
    while (arrays[slot] != null) {
      slot = (slot + 1) & mask;
    }
    arrays[slot] = array;
    numbers[slot] = number;
  }

  private void grow() {
    Object[] oldArrays = arrays;
    int[] oldNumbers = numbers;
    arrays = new Object[2 * oldArrays.length];
    numbers = new int[2 * oldNumbers.length];
    for (int i = 0; i < oldArrays.length; i++) {
      if (oldArrays[i] != null) {
        put(oldArrays[i], oldNumbers[i]);
      }
    }
  }
}
