package smartdm.sim;

import java.util.Map;
import java.util.Set;

/**
 * What the rewrite step does with a call of the card's API: most stay, some are replaced by a hook,
 * and what the simulated card does not model stops the build.
 */
final class ApiCalls {
  private static final String HERE = "smartdm/sim/";
  private static final String SECURITY = "javacard/security/";
  private static final String CRYPTO = "javacardx/crypto/";
  private static final String EXCEPTION = SECURITY + "CryptoException";

  /** Methods of Util that only read. */
  private static final Set<String> READERS = Set.of("arrayCompare", "makeShort", "getShort");

  private static final Set<String> WRITERS =
      Set.of("arrayCopy", "arrayCopyNonAtomic", "arrayFillNonAtomic", "setShort");

  private static final Set<String> RECEIVERS = Set.of("setIncomingAndReceive", "receiveBytes");

  /** Methods of JCSystem that jCardSim answers wrongly. */
  private static final Set<String> WRONG = Set.of("isAppletActive", "makeGlobalArray");

  private static final Set<String> OF_KEYS =
      Set.of("setKey", "getKey", "clearKey", "isInitialized", "getType", "getSize");

  /** Methods of cryptographic objects that {@link CryptoHooks} makes, by class. */
  private static final Map<String, Set<String>> MODELLED =
      Map.of(
          CRYPTO + "Cipher", Set.of("init", "update", "doFinal", "getAlgorithm"),
          SECURITY + "Signature",
              Set.of("init", "update", "sign", "verify", "getLength", "getAlgorithm"),
          SECURITY + "MessageDigest",
              Set.of("update", "doFinal", "reset", "getLength", "getAlgorithm"),
          SECURITY + "RandomData", Set.of("generateData", "nextBytes", "setSeed", "getAlgorithm"),
          SECURITY + "Key", OF_KEYS,
          SECURITY + "SecretKey", OF_KEYS,
          SECURITY + "AESKey", OF_KEYS,
          SECURITY + "DESKey", OF_KEYS,
          SECURITY + "HMACKey", OF_KEYS);

  /** What makes these objects, with the parameters it takes, and the hook instead. */
  private static final Map<String, String> FACTORIES =
      Map.of(
          CRYPTO + "Cipher.getInstance(BZ)", "cipher",
          SECURITY + "Signature.getInstance(BZ)", "signature",
          SECURITY + "MessageDigest.getInstance(BZ)", "digest",
          SECURITY + "RandomData.getInstance(B)", "random",
          SECURITY + "KeyBuilder.buildKey(BSZ)", "key");

  private ApiCalls() {}

  /** A static method that is called instead; it takes the object first where there is one. */
  record Hook(String owner, String name) {}

  /**
   * The hook for a call, null where the call stays.
   *
   * @throws SimError where the simulated card does not model it
   */
  static Hook hook(String owner, String name, String descriptor) {
    switch (owner) {
      case "javacard/framework/Util":
        require(READERS.contains(name) || WRITERS.contains(name), owner, name);
        return WRITERS.contains(name) ? new Hook(HERE + "UtilHooks", name) : null;
      case "javacard/framework/APDU":
        return RECEIVERS.contains(name) ? new Hook(HERE + "ApduHooks", name) : null;
      case "javacard/framework/JCSystem":
        require(!WRONG.contains(name), owner, name);
        return name.startsWith("makeTransient") ? new Hook(HERE + "TransientHooks", name) : null;
      default:
        boolean crypto = owner.startsWith(SECURITY) || owner.startsWith(CRYPTO);
        return crypto && !owner.equals(EXCEPTION) ? factory(owner, name, descriptor) : null;
    }
  }

  private static Hook factory(String owner, String name, String descriptor) {
    String parameters = descriptor.substring(0, descriptor.indexOf(')') + 1);
    String hook = FACTORIES.get(owner + "." + name + parameters);
    if (hook != null) {
      return new Hook(HERE + "CryptoHooks", hook);
    }
    require(MODELLED.getOrDefault(owner, Set.of()).contains(name), owner, name + parameters);
    return null;
  }

  private static void require(boolean modelled, String owner, String call) {
    if (!modelled) {
      String type = owner.substring(owner.lastIndexOf('/') + 1);
      throw new SimError(
          "calls " + type + "." + call + ", which the simulated card does not model");
    }
  }
}
