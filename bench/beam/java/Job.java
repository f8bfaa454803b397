import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;

/**
 * What a program is to do, from a JSON file: feed, symbols, quotesFile, lettersDirectory, disorderMs (most that a quote may
 * come later than one of a newer slot), and windows, each with sizeMs, periodMs, offsetMs, allowedLatenessMs and
 * rowsDirectory.
 */
final class Job implements Serializable {
  private static final long serialVersionUID = 1;

  final String feed;
  final HashSet<String> symbols = new HashSet<>();
  final String quotesFile;
  final String lettersDirectory;
  final long disorderMs;
  final ArrayList<Window> windows = new ArrayList<>();

  /** A resolution. */
  static final class Window implements Serializable {
    private static final long serialVersionUID = 1;

    final long sizeMs;
    final long periodMs;
    final long offsetMs;
    final long allowedLatenessMs;
    final String rowsDirectory;

    Window(JsonNode fields) {
      sizeMs = fields.get("sizeMs").longValue();
      periodMs = fields.get("periodMs").longValue();
      offsetMs = fields.get("offsetMs").longValue();
      allowedLatenessMs = fields.get("allowedLatenessMs").longValue();
      rowsDirectory = fields.get("rowsDirectory").textValue();
    }
  }

  Job(String file) throws IOException {
    JsonNode fields = new ObjectMapper().readTree(Path.of(file).toFile());
    feed = fields.get("feed").textValue();
    fields.get("symbols").forEach(symbol -> symbols.add(symbol.textValue()));
    quotesFile = fields.get("quotesFile").textValue();
    lettersDirectory = fields.get("lettersDirectory").textValue();
    disorderMs = fields.get("disorderMs").longValue();
    fields.get("windows").forEach(window -> windows.add(new Window(window)));
  }

  /** The slots' period, which is every window's. */
  long periodMs() {
    return windows.get(0).periodMs;
  }
}
