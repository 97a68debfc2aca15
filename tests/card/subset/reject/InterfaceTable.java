package reject;

interface InterfaceTable {
  byte[] K = {1, 2}; // reject: static-init
}
