package smartdm.sim;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The simulated card behind a pipe: frames {@code op 1, length 4, body} on standard input, each
 * answered by {@code status 1, length 4, body} on standard output. It ends with the input.
 */
public final class SimServer {
  private static final int HEADER = 5;

  /** No body is longer; what is announced longer is read over and refused. */
  private static final int MAX_BODY = 1 << 20;

  private final DataInputStream in;
  private final OutputStream out;
  private final Operations operations;

  private SimServer(DataInputStream in, OutputStream out, Operations operations) {
    this.in = in;
    this.out = out;
    this.operations = operations;
  }

  /** {@code SimServer APPLET_CLASS AID_IN_HEX [APPLET_CLASS AID_IN_HEX ...]}. */
  public static void main(String[] args) throws IOException {
    System.setOut(System.err); // jCardSim prints, and would break the frames
    if (args.length == 0 || args.length % 2 != 0) {
      System.err.println(
          "usage: java smartdm.sim.SimServer APPLET_CLASS AID_IN_HEX [APPLET_CLASS AID_IN_HEX"
              + " ...]");
      System.exit(2);
    }
    Operations operations = null;
    try {
      operations = new Operations(card(args));
    } catch (SimError e) {
      System.err.println("SimServer: " + e.getMessage());
      System.exit(1);
    }
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in), 8192));
    new SimServer(in, new FileOutputStream(FileDescriptor.out), operations).serve();
  }

  private static Card card(String[] args) {
    List<String> names = new ArrayList<>();
    List<byte[]> aids = new ArrayList<>();
    for (int i = 0; i < args.length; i += 2) {
      names.add(args[i]);
      aids.add(Hex.parse(args[i + 1]));
    }
    return new Card(new AppletClasses(names), aids);
  }

  private void serve() throws IOException {
    while (true) {
      int op = in.read();
      if (op < 0 || op == Operations.QUIT) {
        return;
      }
      try {
        answer(op);
      } catch (EOFException e) {
        return; // the host died in the middle of a frame
      }
    }
  }

  private void answer(int op) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MAX_BODY) {
      readOver(length & 0xFFFFFFFFL);
      send(Operations.ERROR, text("a frame of more than " + MAX_BODY + " bytes"));
      return;
    }
    byte[] body = new byte[length];
    in.readFully(body);
    byte status;
    byte[] result;
    try {
      result = operations.run(op, body);
      status = result == null ? Operations.POWER_LOST : Operations.OK;
    } catch (SimError e) {
      status = Operations.ERROR;
      result = text(e.getMessage());
    } catch (BusyError e) {
      status = Operations.BUSY;
      result = text(e.getMessage());
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      status = Operations.ERROR; // a fault of the simulator: told, and the process lives on
      result = text("the simulator failed: " + Failures.describe(e));
    }
    send(status, result);
  }

  /** By reading, because a pipe cannot seek. */
  private void readOver(long bytes) throws IOException {
    byte[] chunk = new byte[1 << 16];
    for (long left = bytes; left > 0; ) {
      int part = (int) Math.min(left, chunk.length);
      in.readFully(chunk, 0, part);
      left -= part;
    }
  }

  private void send(byte status, byte[] body) throws IOException {
    int length = body == null ? 0 : body.length;
    byte[] frame = new byte[HEADER + length];
    frame[0] = status;
    frame[1] = (byte) (length >> 24);
    frame[2] = (byte) (length >> 16);
    frame[3] = (byte) (length >> 8);
    frame[4] = (byte) length;
    if (length != 0) {
      System.arraycopy(body, 0, frame, HEADER, length);
    }
    out.write(frame);
  }

  private static byte[] text(String message) {
    return message.replace('\n', ' ').getBytes(StandardCharsets.UTF_8);
  }
}
