package smartdm.sim;

/** Exceptions in words. */
final class Failures {
  private static final int FRAMES = 4;

  private Failures() {}

  /** Class, message and the first places of an exception, in one line. */
  static String describe(Throwable thrown) {
    StringBuilder text = new StringBuilder(thrown.getClass().getSimpleName());
    if (thrown.getMessage() != null) {
      text.append(" (").append(thrown.getMessage()).append(')');
    }
    int shown = 0;
    for (StackTraceElement frame : thrown.getStackTrace()) {
      boolean interesting = !frame.getClassName().startsWith("smartdm.sim.");
      if (interesting && shown < FRAMES) {
        text.append(shown == 0 ? " at " : " < ").append(frame.getClassName()).append('.');
        text.append(frame.getMethodName()).append(':').append(frame.getLineNumber());
        shown++;
      }
    }
    return text.toString();
  }
}
