package smartdm.sim;

/** The list that the build step leaves beside the rewritten classes; one name a line, sorted. */
final class ClassList {
  static final String RESOURCE = "smartdm-sim-classes.txt";

  private ClassList() {}
}
