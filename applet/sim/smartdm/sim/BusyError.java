package smartdm.sim;

/** Another process holds the image file. */
final class BusyError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BusyError(String message) {
    super(message);
  }
}
