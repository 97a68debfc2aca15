// flat: refused/Watcher.look: uses the layer refused/WatchedBase
package refused;

abstract class WatchedBase {
  short seen;
}

final class Watcher {
  short look(WatchedBase watched) {
    return watched.seen;
  }
}

final class Watched extends WatchedBase {}
