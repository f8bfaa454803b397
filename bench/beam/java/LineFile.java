import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** A file of lines, of its own name in a directory. */
final class LineFile implements AutoCloseable {
  private final BufferedWriter writer;

  LineFile(String directory) throws IOException {
    writer = Files.newBufferedWriter(Path.of(directory, UUID.randomUUID() + ".ndjson"));
  }

  void add(String line) throws IOException {
    writer.write(line);
    writer.write('\n');
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
