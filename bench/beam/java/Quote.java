import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.regex.Pattern;

/** A good quote, as far as windows need it: times in ms since 1970, the price in millionths. */
public class Quote {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern DECIMAL = Pattern.compile("[0-9]+([.][0-9]+)?");
  private static final BigDecimal PRICE_LIMIT = BigDecimal.valueOf(10_000_000);
  private static final long FUTURE_TOLERANCE_MS = 60_000;

  public String symbol;
  public long slot;
  public long providerTime;
  public long price;

  public Quote() {}

  /** Takes the fields of a line. @return why it is no quote of the job's feed; null when it is one */
  String read(String line, Job job) {
    JsonNode fields;
    try {
      fields = JSON.readTree(line);
    } catch (JsonProcessingException error) {
      return "Malformed";
    }
    String feed = text(fields, "feed");
    symbol = text(fields, "symbol");
    if (feed == null || symbol == null || text(fields, "provider") == null) return "Malformed";
    String decimals = text(fields, "price");
    if (decimals == null || !DECIMAL.matcher(decimals).matches()) return "InvalidPrice";
    BigDecimal decimal = new BigDecimal(decimals);
    if (decimal.signum() <= 0 || decimal.compareTo(PRICE_LIMIT) >= 0) return "InvalidPrice";
    price = decimal.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
    try {
      slot = Instant.parse(text(fields, "observed_at")).toEpochMilli();
      providerTime = Instant.parse(text(fields, "provider_time")).toEpochMilli();
    } catch (DateTimeException | NullPointerException error) {
      return "InvalidTime";
    }
    if (!feed.equals(job.feed)) return "Malformed";
    if (!job.symbols.contains(symbol)) return "UnknownSymbol";
    if (slot % job.periodMs() != 0) return "InvalidTime";
    long ahead = Math.max(slot, providerTime) - System.currentTimeMillis();
    return ahead > FUTURE_TOLERANCE_MS ? "FutureTime" : null;
  }

  private static String text(JsonNode fields, String name) {
    JsonNode value = fields.get(name);
    return value != null && value.isTextual() && !value.textValue().isEmpty() ? value.textValue() : null;
  }

  /** The dead letter of a line, as far as it is compared. */
  static String letter(String reason) {
    return "{\"attributes\":{\"reason\":\"" + reason + "\"}}";
  }
}
