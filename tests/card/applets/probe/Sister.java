package probe;

/** Another applet of the package, as multiselectable as {@link Twin}. */
public final class Sister extends Twin {
  private Sister(byte[] data, short offset) {
    super(data, offset);
  }

  /** Registers under the AID that it is given. */
  public static void install(byte[] data, short offset, byte length) {
    new Sister(data, offset).register(data, (short) (offset + 1), data[offset]);
  }
}
