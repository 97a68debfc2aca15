package smartdm.sim;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * The content of an image file: magic 8, format version 2, fingerprint of the applet's classes 8,
 * parameter length 2, install parameters, state length 4, state, CRC-32 of all that 4.
 */
final class ImageFormat {
  private static final byte[] MAGIC = "SMDMCARD".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int FINGERPRINT = 8;
  private static final int FIXED = MAGIC.length + 2 + FINGERPRINT + 2 + 4 + 4;

  final byte[] parameters;
  final byte[] state;

  private ImageFormat(byte[] parameters, byte[] state) {
    this.parameters = parameters;
    this.state = state;
  }

  static byte[] encode(byte[] fingerprint, byte[] parameters, byte[] state) {
    ByteBuffer out = ByteBuffer.allocate(FIXED + parameters.length + state.length);
    out.put(MAGIC).putShort((short) VERSION).put(fingerprint);
    out.putShort((short) parameters.length).put(parameters);
    out.putInt(state.length).put(state);
    out.putInt(crc(out.array(), out.position()));
    return out.array();
  }

  /** Checks everything before anything is used. */
  static ImageFormat decode(byte[] content, byte[] fingerprint, String path) {
    if (!Arrays.equals(MAGIC, Arrays.copyOf(content, MAGIC.length))) {
      throw new SimError(path + " is not the image of a simulated card");
    }
    ByteBuffer in = ByteBuffer.wrap(content, MAGIC.length, content.length - MAGIC.length);
    int version = content.length < MAGIC.length + 2 ? -1 : in.getShort();
    if (version != -1 && version != VERSION) {
      throw new SimError(
          path + " has image format " + version + "; this simulator reads format " + VERSION);
    }
    int body = content.length - 4;
    if (content.length < FIXED || ByteBuffer.wrap(content).getInt(body) != crc(content, body)) {
      throw new SimError(
          path
              + " is damaged (its checksum is wrong or it is cut short); it was left as it is:"
              + " put a backup in its place or delete it");
    }
    byte[] print = new byte[FINGERPRINT];
    in.get(print);
    if (!Arrays.equals(print, fingerprint)) {
      throw new SimError(
          path
              + " was made by another version of the applet, whose fields differ:"
              + " use that version or make a new card");
    }
    byte[] parameters = new byte[in.getShort()];
    in.get(parameters);
    byte[] state = new byte[in.getInt()];
    in.get(state);
    return new ImageFormat(parameters, state);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
