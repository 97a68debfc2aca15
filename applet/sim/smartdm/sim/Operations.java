package smartdm.sim;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.Paths;

/** The operations of the pipe: bodies in, bodies out. docs/simulated-card.md defines them. */
final class Operations {
  static final byte OK = 0;
  static final byte ERROR = 1;
  static final byte POWER_LOST = 2;
  static final byte BUSY = 3;

  static final int QUIT = 0x7F;
  private static final int NEW = 0x01;
  private static final int TRANSMIT = 0x02;
  private static final int POWER = 0x03;
  private static final int OPEN = 0x04;
  private static final int SNAPSHOT = 0x05;
  private static final int RESTORE = 0x06;
  private static final int CUT = 0x07;
  private static final int COUNTERS = 0x08;
  private static final int RANDOM = 0x09;
  private static final int PRINCIPAL = 0x0A;
  private static final int LIMIT = 0x0B;
  private static final int WRITES = 0x0C;
  private static final int FAILURE = 0x0D;
  private static final int TRANSIENT = 0x0E;
  private static final int INSERT = 0x0F;
  private static final int PULL = 0x10;
  private static final int INSERTED = 0x11;
  private static final int RESIDUE = 0x12;
  private static final int WITHOUT = 0x13;
  private static final int KEYS = 0x14;

  private static final int SEEDED = 0;
  private static final int SECURE = 1;
  private static final int GIVEN = 2;

  private static final byte[] NOTHING = {};

  private final Card card;
  private Reader reader;

  Operations(Card card) {
    this.card = card;
  }

  /** Runs one operation. Returns its answer, null when the card lost power. */
  byte[] run(int op, byte[] body) {
    synchronized (card) {
      return runAlone(op, body);
    }
  }

  private byte[] runAlone(int op, byte[] body) {
    switch (op) {
      case TRANSMIT:
        return card.transmit(body);
      case NEW:
        card.makeNew(body);
        return NOTHING;
      case POWER:
        card.powerCycle();
        return NOTHING;
      case SNAPSHOT:
        return ByteBuffer.allocate(4).putInt(card.snapshot()).array();
      case COUNTERS:
        return card.memory().meter.read();
      case WRITES:
        return card.memory().meter.lastWrites();
      case FAILURE:
        return failure();
      case TRANSIENT:
        return card.memory().transients.bytes();
      case RESIDUE:
        return card.memory().transients.residue();
      case KEYS:
        return card.memory().transients.keyResidue();
      case PULL:
        pull();
        return NOTHING;
      case INSERTED:
        return inserted();
      default:
        return runWithFields(op, ByteBuffer.wrap(body));
    }
  }

  private byte[] runWithFields(int op, ByteBuffer body) {
    try {
      set(op, body);
    } catch (BufferUnderflowException e) {
      throw new SimError("operation " + op + ": the body is too short");
    }
    return NOTHING;
  }

  private void set(int op, ByteBuffer body) {
    switch (op) {
      case OPEN:
        byte[] path = take(body, body.getShort() & 0xFFFF);
        card.open(path(path), take(body, body.remaining()));
        break;
      case RESTORE:
        card.restore(exactly(4, body).getInt());
        break;
      case CUT:
        exactly(9, body);
        card.memory().cut.arm(body.getInt(), body.get(), body.getInt());
        break;
      case RANDOM:
        random(body.get(), take(body, body.remaining()));
        break;
      case WITHOUT:
        card.chooseAlgorithms(new Algorithms(body));
        break;
      case PRINCIPAL:
        card.setPrincipal(Asking.of(exactly(Asking.LENGTH, body)));
        break;
      case LIMIT:
        card.setCapacity(exactly(2, body).getShort() & 0xFFFF);
        break;
      case INSERT:
        insert(body);
        break;
      default:
        throw new SimError("unknown operation " + op);
    }
  }

  private void random(int mode, byte[] bytes) {
    switch (mode) {
      case SEEDED:
      case SECURE:
        card.chooseRandom(mode == SECURE, bytes);
        break;
      case GIVEN:
        Entropy.give(bytes);
        break;
      default:
        throw new SimError("RANDOM has the modes 0 to 2, not " + mode);
    }
  }

  private void insert(ByteBuffer body) {
    int protocol = body.get();
    Asking who = Asking.of(body);
    int port = body.getShort() & 0xFFFF;
    String host = new String(take(body, body.remaining()), StandardCharsets.UTF_8);
    if (protocol != 0 && protocol != 1) {
      throw new SimError("a card cannot speak T=" + protocol + ", only T=0 or T=1");
    }
    card.memory(); // there must be one
    pull();
    reader = new Reader(card, host, port, protocol == 0, who);
  }

  private void pull() {
    if (reader != null) {
      reader.pull();
      reader = null;
    }
  }

  /** State (0: in no reader) and how often power was cut there. */
  private byte[] inserted() {
    ByteBuffer told = ByteBuffer.allocate(5);
    if (reader != null) {
      told.put(reader.state()).putInt(reader.cuts());
    }
    return told.array();
  }

  private static ByteBuffer exactly(int length, ByteBuffer body) {
    if (body.remaining() != length) {
      throw new SimError(
          "a body of " + body.remaining() + " bytes where " + length + " are expected");
    }
    return body;
  }

  private static byte[] take(ByteBuffer body, int length) {
    if (length > body.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] taken = new byte[length];
    body.get(taken);
    return taken;
  }

  private static Path path(byte[] bytes) {
    try {
      return Paths.get(new String(bytes, StandardCharsets.UTF_8));
    } catch (InvalidPathException e) {
      throw new SimError("not a path: " + e.getMessage(), e);
    }
  }

  /** What last left process() by an exception, in words; empty when nothing did. */
  private static byte[] failure() {
    Throwable thrown = Hooks.takeFailure();
    String text = thrown == null ? "" : Failures.describe(thrown);
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
