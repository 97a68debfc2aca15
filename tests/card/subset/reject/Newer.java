package reject;

import javacard.framework.APDU;
import javacardx.apdu.ExtendedLength;

/** Symbols that came after Java Card 2.2.1: older cards refuse to load them. */
final class Newer implements ExtendedLength { // reject anywhere: api; converter: takes it

  static short offset(APDU apdu) {
    return apdu.getOffsetCdata(); // reject: api
  }

  static short length(APDU apdu) {
    return apdu.getIncomingLength(); // reject: api
  }
}
