package reject;

/** A card knows no String. */
final class Texts {
  static Object literal() {
    return "text"; // reject: string
  }

  static short chosen(Object o) {
    switch ((String) o) { // reject: type, api, intermediate, string
      case "a":
        return 1;
      default:
        return 2;
    }
  }

  static void printed() {
    System.out.println(); // reject: api
  }
}
