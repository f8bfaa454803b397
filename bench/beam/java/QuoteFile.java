import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;

/**
 * The lines of a file as an endless source gives them, each at its quote's slot, with a watermark that stays the disorder
 * behind the newest; it ends with the file, when the watermark goes to the end of time. It can't be resumed.
 */
final class QuoteFile extends UnboundedSource<String, QuoteFile.NoMark> {
  private static final long serialVersionUID = 1;
  private static final String FIELD = "\"observed_at\":\"";
  private static final int LENGTH = "2024-01-02T14:30:00.000Z".length();

  private final String path;
  private final long disorderMs;

  QuoteFile(String path, long disorderMs) {
    this.path = path;
    this.disorderMs = disorderMs;
  }

  @Override
  public List<QuoteFile> split(int desired, PipelineOptions options) {
    return List.of(this);
  }

  @Override
  public Reader createReader(PipelineOptions options, NoMark mark) throws IOException {
    return new Reader();
  }

  @Override
  public Coder<String> getOutputCoder() {
    return StringUtf8Coder.of();
  }

  @Override
  public Coder<NoMark> getCheckpointMarkCoder() {
    return new NoMarkCoder();
  }

  final class Reader extends UnboundedReader<String> {
    private final BufferedReader lines = Files.newBufferedReader(Path.of(path));
    private String line;
    private org.joda.time.Instant time = BoundedWindow.TIMESTAMP_MIN_VALUE;
    private long newest = Long.MIN_VALUE;
    private boolean ended;

    Reader() throws IOException {}

    @Override
    public boolean start() throws IOException {
      return advance();
    }

    @Override
    public boolean advance() throws IOException {
      line = ended ? null : lines.readLine();
      if (line == null) {
        ended = true;
        return false;
      }
      long slot = slotOf(line);
      if (slot > newest) newest = slot;
      time = slot == Long.MIN_VALUE ? getWatermark() : org.joda.time.Instant.ofEpochMilli(slot);
      return true;
    }

    @Override
    public String getCurrent() {
      if (line == null) throw new NoSuchElementException();
      return line;
    }

    @Override
    public org.joda.time.Instant getCurrentTimestamp() {
      return time;
    }

    @Override
    public org.joda.time.Instant getWatermark() {
      if (ended) return BoundedWindow.TIMESTAMP_MAX_VALUE;
      return newest == Long.MIN_VALUE
          ? BoundedWindow.TIMESTAMP_MIN_VALUE
          : org.joda.time.Instant.ofEpochMilli(newest - disorderMs);
    }

    @Override
    public CheckpointMark getCheckpointMark() {
      return new NoMark();
    }

    @Override
    public QuoteFile getCurrentSource() {
      return QuoteFile.this;
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  /** A line's slot, without parsing all of it; the least long where it has none. */
  private static long slotOf(String line) {
    int start = line.indexOf(FIELD) + FIELD.length();
    if (start < FIELD.length() || start + LENGTH > line.length()) return Long.MIN_VALUE;
    try {
      return Instant.parse(line.substring(start, start + LENGTH)).toEpochMilli();
    } catch (DateTimeException error) {
      return Long.MIN_VALUE;
    }
  }

  static final class NoMark implements UnboundedSource.CheckpointMark {
    @Override
    public void finalizeCheckpoint() {}
  }

  static final class NoMarkCoder extends AtomicCoder<NoMark> {
    @Override
    public void encode(NoMark mark, OutputStream out) {}

    @Override
    public NoMark decode(InputStream in) {
      return new NoMark();
    }
  }
}
