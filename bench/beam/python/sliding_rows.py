"""The windows of a feed on Beam's Python SDK, from a file of quotes to files of rows and of dead letters.

Parsed once, then a branch a resolution, all in one pipeline: sliding windows, and a combiner that keeps of every slot the
quote with the greatest provider time, then price. Arguments: a JSON file (feed, symbols, quotesFile, lettersDirectory, and
windows, each with sizeMs, periodMs, offsetMs, allowedLatenessMs and rowsDirectory), then where to run it: `direct`, which
is the SDK's own runner in this process, or the address of a job service.
"""
import datetime
import json
import re
import sys
import time

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.transforms.window import SlidingWindows, TimestampedValue

MICROS = 1_000_000
PRICE_LIMIT = 10_000_000 * MICROS
FUTURE_TOLERANCE_MS = 60_000
DECIMAL = re.compile('[0-9]+([.][0-9]+)?')


class Refused(Exception):
  """Why a line holds no quote of the feed; its argument is the reason."""


def text(fields, name):
  value = fields.get(name)
  if not isinstance(value, str) or value == '':
    raise Refused('Malformed')
  return value


def epoch_ms(fields, name):
  try:
    moment = datetime.datetime.fromisoformat(text(fields, name).replace('Z', '+00:00'))
  except ValueError:
    raise Refused('InvalidTime')
  return round(moment.timestamp() * 1000)


def micros(fields):
  value = text(fields, 'price')
  price = int(float(value) * MICROS + 0.5) if DECIMAL.fullmatch(value) else 0
  if not 0 < price < PRICE_LIMIT:
    raise Refused('InvalidPrice')
  return price


class Parse(beam.DoFn):
  """Lines to (symbol, (slot, provider time, price)) at the slot's time; those that are no quote to `letters`."""

  def __init__(self, feed, symbols, period_ms):
    self.feed, self.symbols, self.period_ms = feed, frozenset(symbols), period_ms

  def process(self, line):
    try:
      symbol, slot, provider_time, price = self.read(line)
    except Refused as refused:
      yield beam.pvalue.TaggedOutput('letters', json.dumps({'attributes': {'reason': refused.args[0]}}))
      return
    yield TimestampedValue((symbol, (slot, provider_time, price)), slot / 1000)

  def read(self, line):
    try:
      fields = json.loads(line)
    except ValueError:
      raise Refused('Malformed')
    feed, symbol = text(fields, 'feed'), text(fields, 'symbol')
    text(fields, 'provider')
    price, slot, provider_time = micros(fields), epoch_ms(fields, 'observed_at'), epoch_ms(fields, 'provider_time')
    if feed != self.feed:
      raise Refused('Malformed')
    if symbol not in self.symbols:
      raise Refused('UnknownSymbol')
    if slot % self.period_ms != 0:
      raise Refused('InvalidTime')
    if max(slot, provider_time) - time.time() * 1000 > FUTURE_TOLERANCE_MS:
      raise Refused('FutureTime')
    return symbol, slot, provider_time, price


class Winners(beam.CombineFn):
  """The winner of each slot, as {slot: (provider time, price)}."""

  def create_accumulator(self):
    return {}

  def add_input(self, slots, entry):
    slot, *quote = entry
    held = slots.get(slot)
    if held is None or tuple(quote) > held:
      slots[slot] = tuple(quote)
    return slots

  def merge_accumulators(self, parts):
    merged = {}
    for slots in parts:
      for slot, quote in slots.items():
        if slot not in merged or quote > merged[slot]:
          merged[slot] = quote
    return merged

  def extract_output(self, slots):
    return slots


def time_text(ms):
  moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
  return moment.isoformat(timespec='milliseconds') + 'Z'


def decimal(price):
  return '%d.%06d' % divmod(price, MICROS)


def mean_text(prices):
  nanos, rest = divmod(sum(prices) * 1000, len(prices))
  if rest * 2 > len(prices) or (rest * 2 == len(prices) and nanos % 2 == 1):
    nanos += 1
  return '%d.%09d' % divmod(nanos, 1_000_000_000)


class ToRow(beam.DoFn):
  """A symbol's slots in a window to the JSON of its row."""

  def __init__(self, feed, size_ms, period_ms):
    self.feed, self.size_ms, self.period_ms = feed, size_ms, period_ms

  def process(self, element, window=beam.DoFn.WindowParam):
    symbol, winners = element
    slots = sorted(winners)
    prices = [winners[slot][1] for slot in slots]
    end = window.end.micros // 1000
    yield json.dumps({
        'feed': self.feed,
        'symbol': symbol,
        'resolution_minutes': '%.9f' % (self.size_ms / 60_000),
        'window_start': time_text(end - self.size_ms),
        'window_end': time_text(end),
        'event_time': time_text(slots[-1]),
        'first_event_time': time_text(slots[0]),
        'first_price': decimal(prices[0]),
        'last_price': decimal(prices[-1]),
        'min_price': decimal(min(prices)),
        'max_price': decimal(max(prices)),
        'mean_price': mean_text(prices),
        'quote_count': len(prices),
        'expected_count': self.size_ms // self.period_ms,
        'engine': 'Beam',
        'written_at': time_text(int(time.time() * 1000)),
    })


def main(job_file, where):
  with open(job_file) as file:
    job = json.load(file)
  if where == 'direct':
    runner, options = FnApiRunner(), {}
  else:
    runner = PortableRunner()
    options = {'job_endpoint': where, 'environment_type': 'LOOPBACK'}
  with beam.Pipeline(runner=runner, options=PipelineOptions.from_dictionary(options)) as pipeline:
    period_ms = job['windows'][0]['periodMs']
    parsed = (
        pipeline
        | 'ReadQuotes' >> beam.io.ReadFromText(job['quotesFile'])
        | 'Parse' >> beam.ParDo(Parse(job['feed'], job['symbols'], period_ms)).with_outputs('letters', main='quotes'))
    parsed.letters | 'WriteLetters' >> beam.io.WriteToText(job['lettersDirectory'] + '/letters')
    for window in job['windows']:
      size_ms, label = window['sizeMs'], str(window['sizeMs'])
      _ = (
          parsed.quotes
          | 'Windows' + label >> beam.WindowInto(
              SlidingWindows(size_ms / 1000, period_ms / 1000, window['offsetMs'] / 1000))
          | 'Combine' + label >> beam.CombinePerKey(Winners())
          | 'Rows' + label >> beam.ParDo(ToRow(job['feed'], size_ms, period_ms))
          | 'Write' + label >> beam.io.WriteToText(window['rowsDirectory'] + '/rows'))


if __name__ == '__main__':
  main(*sys.argv[1:])
