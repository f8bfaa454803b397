import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * The windows of a feed on Flink's own sliding windows, from a file of quotes to files of rows and of dead letters: parsed
 * once, by symbol, and one window operator a resolution, all in one job on a local cluster in this process.
 *
 * Its only argument is a JSON file: feed, symbols, quotesFile, lettersDirectory, disorderMs, and windows, each with sizeMs,
 * periodMs, offsetMs, allowedLatenessMs and rowsDirectory.
 */
public final class SlidingRows {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OutputTag<String> LETTERS = new OutputTag<>("letters") {};
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final Pattern DECIMAL = Pattern.compile("[0-9]+([.][0-9]+)?");
  private static final BigDecimal PRICE_LIMIT = BigDecimal.valueOf(10_000_000);
  private static final long FUTURE_TOLERANCE_MS = 60_000;

  /** A good quote, as far as windows need it. */
  public static class Entry {
    public String symbol;
    public long slot;
    public long providerTime;
    public long price;

    public Entry() {}
  }

  /** Lines to quotes, and to the reasons of those that are none. */
  static final class Parse extends ProcessFunction<String, Entry> {
    private final String feed;
    private final Set<String> symbols;
    private final long periodMs;

    Parse(String feed, Set<String> symbols, long periodMs) {
      this.feed = feed;
      this.symbols = symbols;
      this.periodMs = periodMs;
    }

    @Override
    public void processElement(String line, Context context, Collector<Entry> out) {
      Entry entry = new Entry();
      String reason = read(line, entry);
      if (reason == null) out.collect(entry);
      else context.output(LETTERS, "{\"attributes\":{\"reason\":\"" + reason + "\"}}");
    }

    private String read(String line, Entry entry) {
      JsonNode fields;
      try {
        fields = JSON.readTree(line);
      } catch (JsonProcessingException error) {
        return "Malformed";
      }
      String quoteFeed = text(fields, "feed");
      entry.symbol = text(fields, "symbol");
      if (quoteFeed == null || entry.symbol == null || text(fields, "provider") == null) return "Malformed";
      String price = text(fields, "price");
      if (price == null || !DECIMAL.matcher(price).matches()) return "InvalidPrice";
      BigDecimal decimal = new BigDecimal(price);
      if (decimal.signum() <= 0 || decimal.compareTo(PRICE_LIMIT) >= 0) return "InvalidPrice";
      entry.price = decimal.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
      try {
        entry.slot = Instant.parse(text(fields, "observed_at")).toEpochMilli();
        entry.providerTime = Instant.parse(text(fields, "provider_time")).toEpochMilli();
      } catch (DateTimeException | NullPointerException error) {
        return "InvalidTime";
      }
      if (!quoteFeed.equals(feed)) return "Malformed";
      if (!symbols.contains(entry.symbol)) return "UnknownSymbol";
      if (entry.slot % periodMs != 0) return "InvalidTime";
      long ahead = Math.max(entry.slot, entry.providerTime) - System.currentTimeMillis();
      return ahead > FUTURE_TOLERANCE_MS ? "FutureTime" : null;
    }

    private static String text(JsonNode fields, String name) {
      JsonNode value = fields.get(name);
      return value != null && value.isTextual() && !value.textValue().isEmpty() ? value.textValue() : null;
    }
  }

  /** Of every slot the quote with the greatest provider time, then price. */
  static final class Winners implements AggregateFunction<Entry, HashMap<Long, long[]>, HashMap<Long, long[]>> {
    @Override
    public HashMap<Long, long[]> createAccumulator() {
      return new HashMap<>();
    }

    @Override
    public HashMap<Long, long[]> add(Entry entry, HashMap<Long, long[]> slots) {
      put(slots, entry.slot, entry.providerTime, entry.price);
      return slots;
    }

    @Override
    public HashMap<Long, long[]> getResult(HashMap<Long, long[]> slots) {
      return slots;
    }

    @Override
    public HashMap<Long, long[]> merge(HashMap<Long, long[]> a, HashMap<Long, long[]> b) {
      b.forEach((slot, quote) -> put(a, slot, quote[0], quote[1]));
      return a;
    }

    private static void put(Map<Long, long[]> slots, long slot, long providerTime, long price) {
      long[] held = slots.get(slot);
      boolean wins = held == null || providerTime > held[0] || (providerTime == held[0] && price > held[1]);
      if (wins) slots.put(slot, new long[] {providerTime, price});
    }
  }

  /** The row of a window, as JSON. */
  static final class ToRow extends ProcessWindowFunction<HashMap<Long, long[]>, String, String, TimeWindow> {
    private final String feed;
    private final long sizeMs;
    private final long periodMs;

    ToRow(String feed, long sizeMs, long periodMs) {
      this.feed = feed;
      this.sizeMs = sizeMs;
      this.periodMs = periodMs;
    }

    @Override
    public void process(
        String symbol, Context context, Iterable<HashMap<Long, long[]>> elements, Collector<String> out) {
      HashMap<Long, long[]> slots = elements.iterator().next();
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      long min = Long.MAX_VALUE;
      long max = 0;
      long sum = 0;
      for (Map.Entry<Long, long[]> slot : slots.entrySet()) {
        long price = slot.getValue()[1];
        first = Math.min(first, slot.getKey());
        last = Math.max(last, slot.getKey());
        min = Math.min(min, price);
        max = Math.max(max, price);
        sum += price;
      }
      long count = slots.size();
      BigDecimal mean = BigDecimal.valueOf(sum).divide(BigDecimal.valueOf(count * 1_000_000), 9, RoundingMode.HALF_EVEN);
      StringBuilder row = new StringBuilder(420);
      row.append("{\"feed\":\"").append(feed);
      row.append("\",\"symbol\":\"").append(symbol);
      row.append("\",\"resolution_minutes\":\"").append(BigDecimal.valueOf(sizeMs).divide(BigDecimal.valueOf(60_000), 9, RoundingMode.HALF_EVEN));
      row.append("\",\"window_start\":\"").append(time(context.window().getStart()));
      row.append("\",\"window_end\":\"").append(time(context.window().getEnd()));
      row.append("\",\"event_time\":\"").append(time(last));
      row.append("\",\"first_event_time\":\"").append(time(first));
      row.append("\",\"first_price\":\"").append(price(slots.get(first)[1]));
      row.append("\",\"last_price\":\"").append(price(slots.get(last)[1]));
      row.append("\",\"min_price\":\"").append(price(min));
      row.append("\",\"max_price\":\"").append(price(max));
      row.append("\",\"mean_price\":\"").append(mean);
      row.append("\",\"quote_count\":").append(count);
      row.append(",\"expected_count\":").append(sizeMs / periodMs);
      row.append(",\"engine\":\"Flink\",\"written_at\":\"").append(time(System.currentTimeMillis())).append("\"}");
      out.collect(row.toString());
    }

    private static String time(long ms) {
      return TIME.format(Instant.ofEpochMilli(ms));
    }

    private static String price(long micros) {
      return BigDecimal.valueOf(micros, 6).toPlainString();
    }
  }

  /** Lines into a file of a directory; gives nothing on. */
  static final class WriteLines extends RichFlatMapFunction<String, String> {
    private final String directory;
    private transient BufferedWriter file;

    WriteLines(String directory) {
      this.directory = directory;
    }

    @Override
    public void open(OpenContext context) throws IOException {
      file = Files.newBufferedWriter(Path.of(directory, UUID.randomUUID() + ".ndjson"));
    }

    @Override
    public void flatMap(String line, Collector<String> out) {
      try {
        file.write(line);
        file.write('\n');
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    @Override
    public void close() throws IOException {
      if (file != null) file.close();
    }
  }

  public static void main(String[] args) throws Exception {
    JsonNode job = JSON.readTree(Path.of(args[0]).toFile());
    String feed = job.get("feed").textValue();
    Set<String> symbols = new HashSet<>();
    job.get("symbols").forEach(symbol -> symbols.add(symbol.textValue()));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    environment.getConfig().enableObjectReuse();
    long disorderMs = job.get("disorderMs").longValue();
    FileSource<String> source =
        FileSource.forRecordStreamFormat(
                new TextLineInputFormat(), new org.apache.flink.core.fs.Path(job.get("quotesFile").textValue()))
            .build();
    SingleOutputStreamOperator<Entry> quotes =
        environment
            .fromSource(source, WatermarkStrategy.noWatermarks(), "ReadQuotes")
            .process(new Parse(feed, symbols, job.get("windows").get(0).get("periodMs").longValue()));
    write(quotes.getSideOutput(LETTERS), job.get("lettersDirectory").textValue());
    DataStream<Entry> timed =
        quotes.assignTimestampsAndWatermarks(
            WatermarkStrategy.<Entry>forBoundedOutOfOrderness(Duration.ofMillis(disorderMs))
                .withTimestampAssigner((entry, before) -> entry.slot));
    for (JsonNode window : job.get("windows")) {
      long sizeMs = window.get("sizeMs").longValue();
      long periodMs = window.get("periodMs").longValue();
      Duration offset = Duration.ofMillis(window.get("offsetMs").longValue());
      DataStream<String> rows =
          timed
              .keyBy(entry -> entry.symbol)
              .window(SlidingEventTimeWindows.of(Duration.ofMillis(sizeMs), Duration.ofMillis(periodMs), offset))
              .allowedLateness(Duration.ofMillis(window.get("allowedLatenessMs").longValue()))
              .aggregate(new Winners(), new ToRow(feed, sizeMs, periodMs));
      write(rows, window.get("rowsDirectory").textValue());
    }
    environment.execute();
  }

  private static void write(DataStream<String> lines, String directory) {
    lines.flatMap(new WriteLines(directory)).returns(String.class).sinkTo(new DiscardingSink<>());
  }
}
