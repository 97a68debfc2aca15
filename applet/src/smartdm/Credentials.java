package smartdm;

import static smartdm.Words.*;

import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.Util;

/**
 * Level 18: the credentials of OMA DM 1.2: those of the client are computed, those of servers
 * verified, with secrets that never leave the card.
 *
 * <p>A login is a node below AppAuth of a DMAcc. Its leaves are found by the sixth letter of their
 * names, which is unique there, and counts only in a name that the issuer's definition gives.
 */
abstract class Credentials extends Digest {
  // AAuthLevel: length and first letter.
  private static final short CLCRED = (short) (6 << 8 | 'C');
  private static final short SRVCRED = (short) (7 << 8 | 'S');
  private static final short SIXTH = (short) (NAME + 6);
  // In cod, while no channel is open: batches left of a door, whether a challenge was drawn, the
  // challenge.
  static final short LEFT = COUNTER;
  private static final short WAITS = SUBKEY;
  private static final short DRAWN_AT = CHAIN;

  Credentials(byte[] buf, short at, short end) {
    super(buf, at, end);
  }

  /** GET CHALLENGE: draw a nonce; returns the length of the answer. */
  final short challenge(byte[] buf, short end) {
    noChannel();
    if (buf[ISO7816.OFFSET_P1] != 0) {
      login(buf, end, SRVCRED);
      Tree.right((short) (server() == principal() ? 1 : 0));
      leaf(words[FOUND], (byte) 'D');
      fresh();
      revise(words[LEAF], NOTHING, null, (short) 0, (short) 0, (short) (1 + DIGEST_LEN));
      put(DIGEST_LEN);
    }
    draw(buf, (short) 0, DIGEST_LEN);
    if (words[RUN_LEN] != 0) {
      write(buf, (short) 0, DIGEST_LEN);
      finish();
    }
    cod[WAITS] = (byte) 1;
    Util.arrayCopyNonAtomic(buf, (short) 0, cod, DRAWN_AT, DIGEST_LEN);
    return DIGEST_LEN;
  }

  /**
   * A command begins: the PIN was for one batch, and the door of a DM credential is open for some.
   */
  final void count(byte ins) {
    if (cod[PROOF] >= Wire.PROOF_HOLDER << SPENT_SHIFT) {
      cod[PROOF] &= Wire.PROOF_HOLDER - 1 | Wire.PROOF_LOGGED;
    }
    // Without a channel, which has proof bits and a counter of its own.
    if (cod[LEVEL] == 0 && (cod[PROOF] & Wire.PROOF_LIVE) != 0) {
      if (cod[LEFT] == 0) {
        close();
      } else if (ins == Wire.INS_BATCH) {
        cod[LEFT]--;
      }
    }
  }

  private void noChannel() {
    if (cod[LEVEL] != 0) {
      ISOException.throwIt(Wire.SW_NO_CURSOR);
    }
  }

  /** CREDENTIAL and VERIFY CREDENTIAL; returns the length of the answer. */
  final short credential(byte[] buf, byte ins, short end) {
    final short[] w = words;
    final short scheme = buf[ISO7816.OFFSET_P1];
    final boolean asked = ins == Wire.INS_CREDENTIAL;
    final boolean door = !asked && scheme != Wire.SCHEME_PACKAGE_0;
    short server = 0;
    if (scheme < Wire.SCHEME_MD5 || scheme > (short) (asked ? 2 : 3)) {
      Memory.refuse((byte) Wire.SW_WRONG_P1P2);
    }
    if (door) {
      noChannel();
      final byte drawn = cod[WAITS];
      cod[WAITS] = (byte) 0;
      if (drawn == 0 || next[FAILURES] >= ATTEMPTS) {
        ISOException.throwIt(Wire.SW_NO_CURSOR);
      }
    }
    login(buf, end, asked ? CLCRED : SRVCRED);
    if (asked) {
      Tree.right((short) (w[RIGHTS] & Wire.VERB_EXEC));
    } else {
      server = server();
    }
    final short nonce = door ? (short) 0 : text(buf);
    final short body = scheme == Wire.SCHEME_MD5 ? (short) 0 : skip(DIGEST_LEN);
    final short given = asked ? (short) 0 : skip(DIGEST_LEN);
    if (w[AT] != end) {
      ISOException.throwIt(Wire.SW_WRONG_LENGTH);
    }
    begin();
    if (scheme == Wire.SCHEME_PACKAGE_0) {
      hashLeaf(w[FOUND_ABOVE], (byte) 'r');
    } else {
      hashLeaf(w[FOUND], (byte) 'N');
    }
    hash((short) ':');
    hashLeaf(w[FOUND], (byte) 'S');
    digest();
    hashText(staging, TEXT);
    hash((short) ':');
    if (door) {
      hash(cod, DRAWN_AT, DIGEST_LEN);
    } else if (!asked && buf[nonce] == 0) {
      hashLeaf(w[FOUND], (byte) 'D');
    } else {
      hash(buf, (short) (nonce + 1), (short) (buf[nonce] & 0xFF));
    }
    if (body > 0) {
      hash((short) ':');
      hashText(buf, body);
    }
    digest();
    final short wrong = differ(staging, TEXT, buf, given, DIGEST_LEN);
    if (asked) {
      Util.arrayCopyNonAtomic(staging, TEXT, buf, (short) 0, DIGEST_LEN);
    }
    wipe(staging);
    if (asked) {
      return DIGEST_LEN;
    }
    if (wrong != 0) {
      if (door) {
        next[FAILURES]++;
        close();
      }
      ISOException.throwIt(Wire.SW_NOT_ALLOWED);
    }
    if (door) {
      Util.setShort(cod, PRINCIPAL, server);
      cod[PROOF] =
          scheme == Wire.SCHEME_MD5 ? Wire.PROOF_LIVE : Wire.PROOF_LIVE | Wire.PROOF_LOGGED;
      cod[LEFT] = buf[ISO7816.OFFSET_P2];
    }
    return (short) 0;
  }

  // Find a login of that level by its URI; its account must be one that no server could make.
  private void login(byte[] buf, short end, short level) {
    final short[] w = words;
    w[AT] = ISO7816.OFFSET_CDATA;
    w[END] = end;
    // The root has nothing above it, and an ADD has left its own number there.
    w[FOUND_ABOVE] = ROOT;
    resolve(buf, text(buf));
    closed(granule(w[FOUND_ABOVE]), Wire.ACCESS_ADD);
    closed(granule(w[FOUND_PARENT]), Wire.ACCESS_ADD);
    closed(granule(w[FOUND]), Wire.ACCESS_ADD);
    closed(leaf(w[FOUND_ABOVE], (byte) 'r'), (short) (Wire.ACCESS_ADD | Wire.ACCESS_REPLACE));
    final short granule = leaf(w[FOUND], (byte) 'L');
    if (getShort(granule, w[TAIL]) != level) {
      Memory.refuse((byte) Wire.SW_NOT_A_LOGIN);
    }
    final short secret = leaf(w[FOUND], (byte) 'S');
    closed(secret, (short) (Wire.ACCESS_ADD | Wire.ACCESS_GET));
    distinct(secret);
  }

  private void closed(short granule, short access) {
    if ((ruleOf(getShort(granule, KIND), (short) 0) & access) != 0) {
      Memory.refuse((byte) Wire.SW_NOT_A_LOGIN);
    }
  }

  // No secret of the account may end with another one: so neither two secrets nor two pairs of name
  // and secret are equal, and no side is answered with its own credential.
  private void distinct(short secret) {
    final short[] w = words;
    final short len = get(secret, w[TAIL]);
    final short end = (short) (offset(secret) + w[TAIL] + 1 + len);
    short i = 0;
    do {
      see(w[FOUND_PARENT]);
      if (i == w[CHILDREN]) {
        return;
      }
      if (part(child(i++), (byte) 'S')) {
        final short other = looked();
        if (other != secret) {
          short least = get(other, w[TAIL]);
          short at = (short) (offset(other) + w[TAIL] + 1 + least);
          if (least > len) {
            least = len;
          }
          if (differ(
                  array(secret), (short) (end - least), array(other), (short) (at - least), least)
              == 0) {
            Memory.refuse((byte) Wire.SW_SAME_SECRET);
          }
        }
      }
    } while (true);
  }

  // Who the account's server is among the principals. The first three are no server.
  private short server() {
    final short granule = leaf(words[FOUND_ABOVE], (byte) 'r');
    final short place =
        place(granule(Wire.NODE_SERVERS), array(granule), (short) (offset(granule) + words[TAIL]));
    if (place < 3) {
      ISOException.throwIt(Wire.SW_NO_KEY);
    }
    return child(place);
  }

  // Find the leaf of a node whose name has that letter: LEAF is its id; false if there is none.
  private boolean part(short id, byte letter) {
    final short[] w = words;
    see(id);
    short i = w[CHILDREN];
    while (--i >= 0) {
      w[LEAF] = child(i);
      final short granule = granule(w[LEAF]);
      final short name = nameOf(granule);
      if (name != granule && get(name, SIXTH) == letter) {
        return true;
      }
    }
    return false;
  }

  private short leaf(short id, byte letter) {
    if (!part(id, letter)) {
      Memory.refuse((byte) Wire.SW_NOT_FOUND);
    }
    return looked();
  }

  // Look at LEAF, whose value must be in one piece.
  private short looked() {
    final short granule = see(words[LEAF]);
    Memory.atMost(get(granule, words[TAIL]), Wire.LIMIT_VALUE, (byte) Wire.SW_VALUE_TOO_LARGE);
    return granule;
  }

  private void hashLeaf(short id, byte letter) {
    final short granule = leaf(id, letter);
    final short at = words[TAIL];
    hash(array(granule), (short) (offset(granule) + at + 1), get(granule, at));
  }
}
