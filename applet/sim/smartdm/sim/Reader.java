package smartdm.sim;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import jdk.net.ExtendedSocketOptions;

/**
 * The card in a slot of vpcd, the virtual reader under pcscd. Frames are {@code length 2, body}
 * both ways; a body of one byte is a control byte. Every command is answered, whatever it looks
 * like.
 *
 * <p>The card goes back into the slot by itself when the reader went away, and powered up again a
 * moment after a cut.
 */
final class Reader implements Runnable {
  static final byte WAITING = 2;
  static final byte CONNECTED = 1;

  private static final int CONNECT_MILLIS = 3000;
  private static final int AGAIN_MILLIS = 100;

  /** Long enough out of the slot for pcscd, which looks every 400 ms, to see it. */
  private static final int CUT_MILLIS = 1000;

  private static final int OFF = 0;
  private static final int ON = 1;
  private static final int RESET = 2;
  private static final int ATR = 4;

  private static final int INS_SELECT = 0xA4;
  private static final int BY_NAME = 0x04;
  private static final byte[] FINE = {(byte) 0x90, 0x00};
  private static final byte[] WRONG_LENGTH = {0x67, 0x00};
  private static final byte[] NOTHING = {};
  private static final byte[] FAULT = {0x6F, 0x00};

  private final Card card;
  private final String host;
  private final int port;
  private final Asking asking;
  private final boolean t0;
  private final ByteMode byteMode = new ByteMode(this::command);
  private volatile Socket socket;
  private volatile boolean pulled;
  private volatile int cuts;

  /**
   * Puts the card into the slot; a slot that nobody offers is an error.
   *
   * @param asking who is, after each SELECT; nobody: unless the host says so
   */
  Reader(Card card, String host, int port, boolean t0, Asking asking) {
    this.card = card;
    this.host = host;
    this.port = port;
    this.t0 = t0;
    this.asking = asking;
    try {
      socket = connect();
    } catch (IOException e) {
      throw new SimError("no card reader at " + host + ":" + port + " (" + reason(e) + ")", e);
    }
    Thread thread = new Thread(this, "reader");
    thread.setDaemon(true);
    thread.start();
  }

  private static String reason(IOException e) {
    return e instanceof ConnectException ? "connection refused" : String.valueOf(e.getMessage());
  }

  /** Whether a reader is at the other end now. */
  byte state() {
    return socket == null ? WAITING : CONNECTED;
  }

  int cuts() {
    return cuts;
  }

  /** Takes the card out for good. The caller holds the card, so no command is under way. */
  void pull() {
    pulled = true;
    close();
  }

  private Socket connect() throws IOException {
    Socket fresh = new Socket();
    try {
      fresh.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
      fresh.setTcpNoDelay(true);
      return fresh;
    } catch (IOException | RuntimeException e) {
      fresh.close();
      throw e instanceof IOException ? (IOException) e : new IOException(e.getMessage(), e);
    }
  }

  private void close() {
    Socket closing = socket;
    socket = null;
    try {
      if (closing != null) {
        closing.close();
      }
    } catch (IOException e) {
      // it is gone, which is what was wanted
    }
  }

  @Override
  public void run() {
    while (!pulled) {
      try {
        Socket current = socket == null ? connect() : socket;
        socket = current;
        if (pulled) {
          close();
          return;
        }
        if (serve(current)) {
          cuts++;
          rest(CUT_MILLIS); // back only when pcscd had time to see that it was gone
        }
      } catch (IOException e) {
        close();
        rest(AGAIN_MILLIS);
      }
    }
  }

  private static void rest(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Until the power of the card is cut (true) or it is pulled; a lost reader is an exception. */
  private boolean serve(Socket current) throws IOException {
    DataInputStream in = new DataInputStream(current.getInputStream());
    OutputStream out = current.getOutputStream();
    boolean quick = current.supportedOptions().contains(ExtendedSocketOptions.TCP_QUICKACK);
    while (true) {
      // vpcd sends length and body in two pieces and the kernel of its side waits for our
      // acknowledgement of the
      // first one; ours would wait 40 ms for something to send with it. The option does not last:
      // set each time.
      quicken(current, quick);
      byte[] body = new byte[in.readUnsignedShort()];
      quicken(current, quick);
      in.readFully(body);
      byte[] answer;
      synchronized (card) {
        if (pulled) {
          return false;
        }
        answer = answer(body);
        if (answer == null) {
          close();
          card.powerCycle();
          return true;
        }
      }
      send(out, answer);
    }
  }

  private static void quicken(Socket socket, boolean supported) throws SocketException {
    try {
      if (supported) {
        socket.setOption(ExtendedSocketOptions.TCP_QUICKACK, true);
      }
    } catch (SocketException e) {
      throw e;
    } catch (IOException e) {
      throw new SocketException(e.getMessage());
    }
  }

  private static void send(OutputStream out, byte[] body) throws IOException {
    if (body.length != 0) { // what asks for no answer
      byte[] frame = new byte[2 + body.length];
      frame[0] = (byte) (body.length >> 8);
      frame[1] = (byte) body.length;
      System.arraycopy(body, 0, frame, 2, body.length);
      out.write(frame);
    }
  }

  private byte[] control(byte order) {
    if (order == ATR) {
      return Atr.of(t0);
    }
    if (order == OFF || order == ON || order == RESET) {
      byteMode.reset();
      card.powerCycle();
    }
    return NOTHING;
  }

  /** Null when the card lost power. */
  private byte[] answer(byte[] body) {
    try {
      if (body.length == 1) {
        return control(body[0]);
      }
      return t0 ? byteMode.exchange(body) : command(body);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      String text = e instanceof SimError ? e.getMessage() : Failures.describe(e);
      System.err.println("the simulator failed: " + text);
      return body.length == 1 ? NOTHING : FAULT;
    }
  }

  private byte[] command(byte[] command) {
    if (Apdu.fault(command) != null) {
      return WRONG_LENGTH;
    }
    if (card.memory().isOff()) {
      return null;
    }
    byte[] answer = card.transmit(command);
    if (!asking.isNobody() && answer != null && selects(command, answer)) {
      card.setPrincipal(asking);
    }
    return answer;
  }

  /** Whether this was a SELECT by name of the first applet, and it is selected now. */
  private boolean selects(byte[] command, byte[] answer) {
    return (command[1] & 0xFF) == INS_SELECT
        && command[2] == BY_NAME
        && Arrays.equals(tail(answer), FINE)
        && card.isFirstSelected(command[0]);
  }

  private static byte[] tail(byte[] answer) {
    return Arrays.copyOfRange(answer, answer.length - 2, answer.length);
  }
}
