package smartdm.sim;

/** A failure of the simulator (not of the applet) that is answered to the host as one line. */
final class SimError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SimError(String message) {
    super(message);
  }

  SimError(String message, Throwable cause) {
    super(message, cause);
  }
}
