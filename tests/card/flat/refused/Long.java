// flat: refused/Long.far: has a long or double
package refused;

final class Long {
  void far() {
    long far = System.nanoTime();
    System.out.println(far);
  }
}
