package smartdm.sim;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The file that a card lives in between processes, with the lock beside it. Each write makes a new
 * file and renames it, so a killed process leaves the old content or the new.
 */
final class ImageFile {
  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final Set<StandardOpenOption> REPLACE =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING);

  private static final Set<StandardOpenOption> KEEP =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

  private final Path path;
  private final FileChannel lockChannel;

  /** Takes the lock, which dies with the process. */
  ImageFile(Path given) {
    try {
      path = Files.exists(given) ? given.toRealPath() : given.toAbsolutePath();
      if (!Files.isDirectory(path.getParent()) || Files.isDirectory(path)) {
        throw new SimError("no card can live in " + path + ": give a file in an existing folder");
      }
      lockChannel = FileChannel.open(beside(".lock"), KEEP, PRIVATE);
      lock();
    } catch (IOException e) {
      throw failure("open", given, e);
    }
  }

  private void lock() throws IOException {
    FileLock lock;
    try {
      lock = lockChannel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      String holder = readPid();
      lockChannel.close();
      throw new BusyError("the card " + path + " is in use by process " + holder);
    }
    byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    lockChannel.truncate(0);
    lockChannel.write(ByteBuffer.wrap(pid), 0);
  }

  private String readPid() throws IOException {
    ByteBuffer text = ByteBuffer.allocate(20);
    int length = lockChannel.read(text, 0);
    return length <= 0
        ? "(unknown)"
        : new String(text.array(), 0, length, StandardCharsets.US_ASCII);
  }

  Path path() {
    return path;
  }

  /** The content, null when there is no file yet. */
  byte[] read() {
    try {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? Files.readAllBytes(path) : null;
    } catch (IOException e) {
      throw failure("read", path, e);
    }
  }

  void write(byte[] content) {
    Path fresh = beside(".new");
    try (FileChannel out = FileChannel.open(fresh, REPLACE, PRIVATE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw failure("write", fresh, e);
    }
    try {
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failure("replace", path, e);
    }
  }

  void close() {
    try {
      lockChannel.close();
    } catch (IOException e) {
      throw failure("close", path, e);
    }
  }

  private Path beside(String suffix) {
    return path.resolveSibling(path.getFileName() + suffix);
  }

  private static SimError failure(String what, Path path, IOException e) {
    String cause = e.getClass().getSimpleName();
    return new SimError("cannot " + what + " " + path + ": " + cause + " " + e.getMessage(), e);
  }
}
