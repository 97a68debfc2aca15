package smartdm.flat;

/** The classes cannot be made one; the message says which rule they break. */
final class FlatError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  FlatError(String message) {
    super(message);
  }
}
