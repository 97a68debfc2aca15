package smartdm.sim;

/** Thrown through the applet when the power goes away. Every later write throws it again. */
final class PowerLoss extends Error {
  private static final long serialVersionUID = 1L;
  static final PowerLoss INSTANCE = new PowerLoss();

  private PowerLoss() {
    super("power lost", null, false, false);
  }
}
