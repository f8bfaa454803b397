import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.AfterWatermark;
import org.apache.beam.sdk.transforms.windowing.IntervalWindow;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.SlidingWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.joda.time.Duration;

/**
 * The windows of a feed on Beam's own sliding windows, by its Flink runner on a local cluster in this process, from a file of
 * quotes to files of rows and of dead letters: parsed once, then a branch a resolution, with late firings that accumulate, in
 * one streaming job. Its only argument is a job's file. Values have coders of their own, and are
 * neither copied between steps nor checkpointed, which is all to its advantage.
 */
public final class BeamRows {
  private static final TupleTag<KV<String, Quote>> QUOTES = new TupleTag<>() {};
  private static final TupleTag<String> LETTERS = new TupleTag<>() {};

  /** Lines to quotes by their symbols, and to the reasons of those that are none. */
  static final class Parse extends DoFn<String, KV<String, Quote>> {
    private final Job job;

    Parse(Job job) {
      this.job = job;
    }

    @ProcessElement
    public void process(@Element String line, MultiOutputReceiver out) {
      Quote quote = new Quote();
      String reason = quote.read(line, job);
      if (reason == null) out.get(QUOTES).output(KV.of(quote.symbol, quote));
      else out.get(LETTERS).output(Quote.letter(reason));
    }
  }

  static final class Winners extends Combine.CombineFn<Quote, Slots, Slots> {
    @Override
    public Slots createAccumulator() {
      return new Slots();
    }

    @Override
    public Slots addInput(Slots slots, Quote quote) {
      slots.add(quote.slot, quote.providerTime, quote.price);
      return slots;
    }

    @Override
    public Slots mergeAccumulators(Iterable<Slots> parts) {
      Slots merged = new Slots();
      parts.forEach(merged::add);
      return merged;
    }

    @Override
    public Slots extractOutput(Slots slots) {
      return slots;
    }

    @Override
    public Coder<Slots> getAccumulatorCoder(CoderRegistry registry, Coder<Quote> input) {
      return new SlotsCoder();
    }

    @Override
    public Coder<Slots> getDefaultOutputCoder(CoderRegistry registry, Coder<Quote> input) {
      return new SlotsCoder();
    }
  }

  /** A quote without its symbol, which is its key. */
  static final class QuoteCoder extends AtomicCoder<Quote> {
    @Override
    public void encode(Quote quote, OutputStream out) throws IOException {
      DataOutputStream data = new DataOutputStream(out);
      data.writeLong(quote.slot);
      data.writeLong(quote.providerTime);
      data.writeLong(quote.price);
    }

    @Override
    public Quote decode(InputStream in) throws IOException {
      DataInputStream data = new DataInputStream(in);
      Quote quote = new Quote();
      quote.slot = data.readLong();
      quote.providerTime = data.readLong();
      quote.price = data.readLong();
      return quote;
    }
  }

  static final class SlotsCoder extends AtomicCoder<Slots> {
    @Override
    public void encode(Slots slots, OutputStream out) throws IOException {
      DataOutputStream data = new DataOutputStream(out);
      data.writeInt(slots.size());
      for (Map.Entry<Long, long[]> slot : slots.entrySet()) {
        data.writeLong(slot.getKey());
        data.writeLong(slot.getValue()[0]);
        data.writeLong(slot.getValue()[1]);
      }
    }

    @Override
    public Slots decode(InputStream in) throws IOException {
      DataInputStream data = new DataInputStream(in);
      Slots slots = new Slots();
      for (int left = data.readInt(); left > 0; left--) {
        slots.put(data.readLong(), new long[] {data.readLong(), data.readLong()});
      }
      return slots;
    }
  }

  static final class ToRow extends DoFn<KV<String, Slots>, String> {
    private final Job job;
    private final Job.Window window;

    ToRow(Job job, Job.Window window) {
      this.job = job;
      this.window = window;
    }

    @ProcessElement
    public void process(@Element KV<String, Slots> element, BoundedWindow of, OutputReceiver<String> out) {
      long start = ((IntervalWindow) of).start().getMillis();
      out.output(element.getValue().row(job, window, element.getKey(), start, "BeamFlink"));
    }
  }

  /** Lines into a file of a directory. */
  static final class WriteLines extends DoFn<String, Void> {
    private final String directory;
    private transient LineFile file;

    WriteLines(String directory) {
      this.directory = directory;
    }

    @Setup
    public void open() throws IOException {
      file = new LineFile(directory);
    }

    @ProcessElement
    public void process(@Element String line) throws IOException {
      file.add(line);
    }

    @Teardown
    public void close() throws IOException {
      file.close();
    }
  }

  public static void main(String[] args) throws IOException {
    Job job = new Job(args[0]);
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setStreaming(true);
    options.setParallelism(Runtime.getRuntime().availableProcessors());
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    options.setShutdownSourcesAfterIdleMs(0L);
    Pipeline pipeline = Pipeline.create(options);
    PCollectionTuple parsed =
        pipeline
            .apply("ReadQuotes", Read.from(new QuoteFile(job.quotesFile, job.disorderMs)))
            .apply("Parse", ParDo.of(new Parse(job)).withOutputTags(QUOTES, TupleTagList.of(LETTERS)));
    parsed
        .get(LETTERS)
        .setCoder(StringUtf8Coder.of())
        .apply("WriteLetters", ParDo.of(new WriteLines(job.lettersDirectory)));
    PCollection<KV<String, Quote>> quotes =
        parsed.get(QUOTES).setCoder(KvCoder.of(StringUtf8Coder.of(), new QuoteCoder()));
    for (Job.Window window : job.windows) {
      String name = window.sizeMs + "ms";
      SlidingWindows windows =
          SlidingWindows.of(Duration.millis(window.sizeMs))
              .every(Duration.millis(window.periodMs))
              .withOffset(Duration.millis(window.offsetMs));
      quotes
          .apply(
              "Windows" + name,
              Window.<KV<String, Quote>>into(windows)
                  .triggering(AfterWatermark.pastEndOfWindow().withLateFirings(AfterPane.elementCountAtLeast(1)))
                  .withAllowedLateness(Duration.millis(window.allowedLatenessMs))
                  .accumulatingFiredPanes()
                  .withOnTimeBehavior(Window.OnTimeBehavior.FIRE_IF_NON_EMPTY))
          .apply("Combine" + name, Combine.perKey(new Winners()))
          .apply("ToRow" + name, ParDo.of(new ToRow(job, window)))
          .apply("WriteRows" + name, ParDo.of(new WriteLines(window.rowsDirectory)));
    }
    pipeline.run().waitUntilFinish();
  }
}
