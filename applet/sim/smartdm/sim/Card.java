package smartdm.sim;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javacard.framework.Applet;

/**
 * The simulated card as its host sees it: made, powered, sent commands, cut from power, looked
 * into. Whatever carries the commands (the pipe, a reader) calls this class and nothing below it,
 * one at a time: who calls holds the card's monitor.
 */
final class Card {
  private final AppletClasses classes;
  private final List<byte[]> aids;
  private final List<byte[]> snapshots = new ArrayList<>();
  private int capacity = Memory.DEFAULT_CAPACITY;
  private boolean randomChosen;
  private Algorithms algorithms = Algorithms.ALL;
  private Memory memory;
  private CardRuntime runtime;
  private List<Applet> applets;
  private State state;
  private ImageFile image;
  private byte[] parameters;

  /** {@code aids}: one for each of the applets to install. */
  Card(AppletClasses classes, List<byte[]> aids) {
    this.classes = classes;
    this.aids = aids;
  }

  /** A fresh card that nobody keeps. */
  void makeNew(byte[] installParameters) {
    remove();
    if (!randomChosen) {
      Entropy.seeded(new byte[0]);
    }
    install(installParameters);
  }

  /** The card that lives in a file; a new one when the file does not exist. */
  void open(Path path, byte[] installParameters) {
    remove();
    if (!randomChosen) {
      Entropy.secure(); // a seeded card would repeat its challenges in each process
    }
    ImageFile file = new ImageFile(path);
    try {
      byte[] content = file.read();
      if (content == null) {
        install(installParameters);
        powerCycle(); // a card that is opened comes without what install() left in its RAM
        file.write(encode());
      } else {
        restore(content, installParameters, file.path().toString());
      }
      image = file;
    } finally {
      if (image == null) {
        file.close();
        memory = null;
      }
    }
  }

  private void restore(byte[] content, byte[] wanted, String path) {
    ImageFormat kept = ImageFormat.decode(content, classes.fingerprint(), path);
    if (wanted.length != 0 && !Arrays.equals(wanted, kept.parameters)) {
      throw new SimError(path + " exists and was made with other install parameters");
    }
    install(kept.parameters);
    state().load(kept.state);
    powerCycle(); // what install() left in transient memory belongs to another state
  }

  private void install(byte[] installParameters) {
    Memory fresh = new Memory(capacity, algorithms);
    Hooks.use(fresh);
    Entropy.restart();
    classes.reset(fresh);
    runtime = new CardRuntime(fresh);
    applets = new ArrayList<>();
    for (Class<? extends Applet> type : classes.applets()) {
      int number = applets.size();
      byte[] given = number == 0 ? installParameters : new byte[0];
      applets.add(runtime.install(type, aids.get(number), given));
    }
    fresh.rollBack(); // as after any call that leaves a transaction open
    fresh.takeDirty();
    fresh.meter.reset();
    state = null;
    parameters = installParameters;
    memory = fresh;
  }

  /**
   * The walk over the objects, made when it is first needed: right after install or at a snapshot.
   */
  private State state() {
    if (state == null) {
      state = new State(classes, memory, applets);
    }
    return state;
  }

  private byte[] encode() {
    return ImageFormat.encode(classes.fingerprint(), parameters, state().save());
  }

  /** Takes the card away; an image file stays and is free for others. */
  void remove() {
    memory = null;
    snapshots.clear();
    if (image != null) {
      ImageFile closing = image;
      image = null;
      closing.close();
    }
  }

  /** One command; null when the power went away before the answer. */
  byte[] transmit(byte[] command) {
    requireCard();
    if (memory.isOff()) {
      throw new SimError("the card has no power since the cut: power it up first");
    }
    Apdu.check(command);
    memory.meter.startApdu();
    byte[] answer = null;
    try {
      answer = runtime.transmitCommand(command);
    } catch (PowerLoss e) {
      answer = null;
    } finally {
      memory.rollBack(); // a command that ends with an open transaction aborts it
      keep();
    }
    return memory.isOff() ? null : answer;
  }

  /** Power off and on again. */
  void powerCycle() {
    requireCard();
    runtime.reset();
    memory.powerUp();
  }

  private void keep() {
    if (image != null && memory.takeDirty()) {
      boolean kept = false;
      try {
        image.write(encode());
        kept = true;
      } finally {
        if (!kept) {
          memory.markDirty();
        }
      }
    }
  }

  int snapshot() {
    requireCard();
    snapshots.add(state().save());
    return snapshots.size() - 1;
  }

  /** Back to a snapshot, with a power cycle; an armed cut is disarmed. */
  void restore(int id) {
    requireCard();
    if (id < 0 || id >= snapshots.size()) {
      throw new SimError("there is no snapshot " + id + " of this card");
    }
    memory.cut.disarm();
    powerCycle();
    state().load(snapshots.get(id));
    memory.markDirty();
    keep();
  }

  Memory memory() {
    requireCard();
    return memory;
  }

  void setCapacity(int bytes) {
    capacity = bytes;
    if (memory != null) {
      memory.setCapacity(bytes);
    }
  }

  /** Later cards have no other algorithms than these. */
  void chooseAlgorithms(Algorithms chosen) {
    algorithms = chosen;
  }

  /** Where random numbers come from, from now on and for later cards. */
  void chooseRandom(boolean secure, byte[] seed) {
    randomChosen = true;
    Entropy.give(new byte[0]); // what was given before does not precede another source
    if (secure) {
      Entropy.secure();
    } else {
      Entropy.seeded(seed);
    }
  }

  /**
   * Sets the current principal and its proof bits in the applet's RAM, where a door sets them: two
   * bytes and one of the field {@code cod} of the applet object, at the indices that the class with
   * this field calls {@code PRINCIPAL} and {@code PROOF}. Deselect and reset clear them. It is the
   * first applet that is meant.
   */
  void setPrincipal(Asking who) {
    requireCard();
    Applet applet = applets.get(0);
    try {
      Field cod = null;
      for (Class<?> type = applet.getClass(); cod == null; type = type.getSuperclass()) {
        cod = AppletClasses.declared(type, "cod");
      }
      cod.setAccessible(true);
      int principal = index(cod, "PRINCIPAL");
      int proof = index(cod, "PROOF");
      byte[] bytes = (byte[]) cod.get(applet);
      bytes[principal] = (byte) (who.principal() >> 8);
      bytes[principal + 1] = (byte) who.principal();
      bytes[proof] = who.proof();
    } catch (ReflectiveOperationException | ClassCastException | NullPointerException e) {
      throw new SimError("this applet has no principal (field cod, constants PRINCIPAL, PROOF)", e);
    }
  }

  private static int index(Field array, String name) throws ReflectiveOperationException {
    Field index = array.getDeclaringClass().getDeclaredField(name);
    index.setAccessible(true);
    return index.getShort(null);
  }

  /** Whether the first applet is selected on the channel of this class byte. */
  boolean isFirstSelected(byte cla) {
    requireCard();
    return runtime.selected(cla) == applets.get(0);
  }

  private void requireCard() {
    if (memory == null) {
      throw new SimError("there is no card: make or open one first");
    }
  }
}
