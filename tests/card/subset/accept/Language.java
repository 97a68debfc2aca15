package accept;

import javacard.framework.APDU;
import javacard.framework.Applet;
import javacard.framework.CardRuntimeException;
import javacard.framework.ISO7816;
import javacard.framework.ISOException;
import javacard.framework.JCSystem;
import javacard.framework.Util;
import javacard.security.AESKey;
import javacard.security.KeyBuilder;
import javacard.security.MessageDigest;

/** What of the language and the API can be used: the converter takes all of it. */
public final class Language extends Applet {

  static final byte[] BYTES = {1, 2, (byte) 0x90};
  static final short[] SHORTS = {1, (short) 0x9000};
  static final boolean[] FLAGS = {true, false};
  static byte[] nothing = null;
  static short five = 5;

  private final byte[] ram = JCSystem.makeTransientByteArray((short) 16, (byte) 1);
  private final Object[] objects;
  private final Box<Object> box;
  private final Shape shape;
  private final MessageDigest digest;
  private final AESKey key;

  interface Shape {
    byte KIND = 3;

    short area(short side);
  }

  abstract static class Base implements Shape {
    private final short factor;

    private Base(short factor) {
      this.factor = factor;
    }
  }

  static class Box<T> {
    private final T content;

    Box(T content) {
      this.content = content;
    }

    T get() {
      return content;
    }

    <X extends Shape> X same(X other) {
      return other;
    }
  }

  static final class Refused extends CardRuntimeException {
    Refused(short reason) {
      super(reason);
    }
  }

  final class Inner {
    short length() {
      return (short) ram.length;
    }
  }

  private Language() {
    objects = new Object[2];
    fill();
    box = new Box<>((Object) new Inner());
    shape =
        new Base((short) 2) {
          @Override
          public short area(short side) {
            return (short) (side * super.factor);
          }
        };
    digest = MessageDigest.getInstance((byte) 4, false);
    key = (AESKey) KeyBuilder.buildKey(KeyBuilder.TYPE_AES, KeyBuilder.LENGTH_AES_128, false);
  }

  private void fill() {
    objects[0] = new byte[16];
    objects[1] = deeper();
  }

  private Object deeper() {
    return new short[3];
  }

  public static void install(byte[] data, short off, byte length) {
    new Language().register();
  }

  @Override
  public void process(APDU apdu) {
    byte[] buffer = apdu.getBuffer();
    byte[][] none = null;
    if (none != null || this.equals(null) || shape.equals(null)) {
      ISOException.throwIt(ISO7816.SW_DATA_INVALID);
    }
    try {
      outer:
      for (short i = 0; i < 3; i++) {
        for (short j = 0; j < 3; j++) {
          if (j == i) {
            continue outer;
          }
          buffer[i] = (byte) 0b1010_0000;
        }
      }
      Util.setShort(buffer, (short) 0, many((short) 1, (short) 2, (short) 3, (short) 4));
    } catch (NullPointerException | ArrayIndexOutOfBoundsException error) {
      CardRuntimeException.throwIt(five);
    } finally {
      buffer[0] = objects[0] instanceof byte[] ? ((byte[]) objects[0])[0] : Shape.KIND;
    }
    Object content = box.get();
    buffer[1] = (byte) ((Inner) content).length();
    digest.doFinal(buffer, (short) 0, (short) 1, ram, (short) 0);
    key.setKey(ram, (short) 0);
  }

  private static short many(short a, short b, short c, short d) {
    return d == 0 ? a : many(b, c, d, (short) (d - 1));
  }
}
