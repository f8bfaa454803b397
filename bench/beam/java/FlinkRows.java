import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
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
 * once, by symbol, and one window operator a resolution, all in one job on a local cluster in this process. Its only argument
 * is a job's file.
 */
public final class FlinkRows {
  private static final OutputTag<String> LETTERS = new OutputTag<>("letters") {};

  /** Lines to quotes, and to the reasons of those that are none. */
  static final class Parse extends ProcessFunction<String, Quote> {
    private final Job job;

    Parse(Job job) {
      this.job = job;
    }

    @Override
    public void processElement(String line, Context context, Collector<Quote> out) {
      Quote quote = new Quote();
      String reason = quote.read(line, job);
      if (reason == null) out.collect(quote);
      else context.output(LETTERS, Quote.letter(reason));
    }
  }

  static final class Winners implements AggregateFunction<Quote, Slots, Slots> {
    @Override
    public Slots createAccumulator() {
      return new Slots();
    }

    @Override
    public Slots add(Quote quote, Slots slots) {
      slots.add(quote.slot, quote.providerTime, quote.price);
      return slots;
    }

    @Override
    public Slots getResult(Slots slots) {
      return slots;
    }

    @Override
    public Slots merge(Slots a, Slots b) {
      a.add(b);
      return a;
    }
  }

  static final class ToRow extends ProcessWindowFunction<Slots, String, String, TimeWindow> {
    private final Job job;
    private final Job.Window window;

    ToRow(Job job, Job.Window window) {
      this.job = job;
      this.window = window;
    }

    @Override
    public void process(String symbol, Context context, Iterable<Slots> elements, Collector<String> out) {
      long start = context.window().getStart();
      out.collect(elements.iterator().next().row(job, window, symbol, start, "Flink"));
    }
  }

  /** Lines into a file of a directory; gives nothing on. */
  static final class WriteLines extends RichFlatMapFunction<String, String> {
    private final String directory;
    private transient LineFile file;

    WriteLines(String directory) {
      this.directory = directory;
    }

    @Override
    public void open(OpenContext context) throws IOException {
      file = new LineFile(directory);
    }

    @Override
    public void flatMap(String line, Collector<String> out) throws IOException {
      file.add(line);
    }

    @Override
    public void close() throws IOException {
      if (file != null) file.close();
    }
  }

  public static void main(String[] args) throws Exception {
    Job job = new Job(args[0]);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    environment.getConfig().enableObjectReuse();
    FileSource<String> source =
        FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(job.quotesFile)).build();
    SingleOutputStreamOperator<Quote> quotes =
        environment.fromSource(source, WatermarkStrategy.noWatermarks(), "ReadQuotes").process(new Parse(job));
    write(quotes.getSideOutput(LETTERS), job.lettersDirectory);
    DataStream<Quote> timed =
        quotes.assignTimestampsAndWatermarks(
            WatermarkStrategy.<Quote>forBoundedOutOfOrderness(Duration.ofMillis(job.disorderMs))
                .withTimestampAssigner((quote, before) -> quote.slot));
    for (Job.Window window : job.windows) {
      SlidingEventTimeWindows windows =
          SlidingEventTimeWindows.of(
              Duration.ofMillis(window.sizeMs), Duration.ofMillis(window.periodMs), Duration.ofMillis(window.offsetMs));
      DataStream<String> rows =
          timed
              .keyBy(quote -> quote.symbol)
              .window(windows)
              .allowedLateness(Duration.ofMillis(window.allowedLatenessMs))
              .aggregate(new Winners(), new ToRow(job, window));
      write(rows, window.rowsDirectory);
    }
    environment.execute();
  }

  private static void write(DataStream<String> lines, String directory) {
    lines.flatMap(new WriteLines(directory)).returns(String.class).sinkTo(new DiscardingSink<>());
  }
}
