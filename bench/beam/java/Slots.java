import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;

/** Of every slot of a symbol and window the quote with the greatest provider time, then price, as {time, price}. */
final class Slots extends HashMap<Long, long[]> {
  private static final long serialVersionUID = 1;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  void add(long slot, long providerTime, long price) {
    long[] held = get(slot);
    boolean wins = held == null || providerTime > held[0] || (providerTime == held[0] && price > held[1]);
    if (wins) put(slot, new long[] {providerTime, price});
  }

  void add(Slots others) {
    others.forEach((slot, quote) -> add(slot, quote[0], quote[1]));
  }

  /** The row of the window that begins there, as JSON. */
  String row(Job job, Job.Window window, String symbol, long start, String engine) {
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    long min = Long.MAX_VALUE;
    long max = 0;
    long sum = 0;
    for (Map.Entry<Long, long[]> slot : entrySet()) {
      long price = slot.getValue()[1];
      first = Math.min(first, slot.getKey());
      last = Math.max(last, slot.getKey());
      min = Math.min(min, price);
      max = Math.max(max, price);
      sum += price;
    }
    BigDecimal minutes = BigDecimal.valueOf(window.sizeMs).divide(BigDecimal.valueOf(60_000), 9, RoundingMode.HALF_EVEN);
    BigDecimal mean =
        BigDecimal.valueOf(sum).divide(BigDecimal.valueOf(size() * 1_000_000L), 9, RoundingMode.HALF_EVEN);
    StringBuilder row = new StringBuilder(420);
    row.append("{\"feed\":\"").append(job.feed);
    row.append("\",\"symbol\":\"").append(symbol);
    row.append("\",\"resolution_minutes\":\"").append(minutes);
    row.append("\",\"window_start\":\"").append(time(start));
    row.append("\",\"window_end\":\"").append(time(start + window.sizeMs));
    row.append("\",\"event_time\":\"").append(time(last));
    row.append("\",\"first_event_time\":\"").append(time(first));
    row.append("\",\"first_price\":\"").append(price(get(first)[1]));
    row.append("\",\"last_price\":\"").append(price(get(last)[1]));
    row.append("\",\"min_price\":\"").append(price(min));
    row.append("\",\"max_price\":\"").append(price(max));
    row.append("\",\"mean_price\":\"").append(mean);
    row.append("\",\"quote_count\":").append(size());
    row.append(",\"expected_count\":").append(window.sizeMs / window.periodMs);
    row.append(",\"engine\":\"").append(engine);
    row.append("\",\"written_at\":\"").append(time(System.currentTimeMillis())).append("\"}");
    return row.toString();
  }

  private static String time(long ms) {
    return TIME.format(Instant.ofEpochMilli(ms));
  }

  private static String price(long micros) {
    return BigDecimal.valueOf(micros, 6).toPlainString();
  }
}
