/**
 * The steps of the Beam graph in Python, for Beam YAML: what src/quotes and src/windows say, said once more, since that
 * runner takes no other language. The conformance suite holds the two to each other.
 *
 * A text is a script whose last definition is called with a row; constants before it are made once a worker. No braces
 * stand in pairs, nor a brace by a percent or number sign: hosted templates read those as their own.
 */
import { MICROS, PRICE_LIMIT } from "../quotes/price.ts";
import { FUTURE_TOLERANCE_MS } from "../quotes/quote-check.ts";
import { LONGEST_DETAIL } from "../quotes/wire.ts";
import { PROVIDER_TYPES } from "../api/provider-spec.ts";
import { slotsPerWindow } from "../windows/window-spec.ts";
import type { PipelineSettings } from "./beam-pipeline.ts";

/** How fields of a message are read, or refused with the reason. */
const READERS = `
def refuse(reason, detail):
  raise ValueError(reason + '|' + detail)
def text(fields, name):
  value = fields.get(name)
  if not isinstance(value, str) or value == '':
    refuse('Malformed', name + ' is ' + json.dumps(value)[:120] + ': write a text')
  return value
def micros(fields):
  value = fields.get('price')
  if not isinstance(value, str) or not re.fullmatch('[0-9]+([.][0-9]+)?', value):
    refuse('InvalidPrice', 'price is ' + json.dumps(value)[:120] + ': write a decimal above 0 and below 10,000,000')
  price = math.floor(float(value) * ${MICROS} + 0.5)
  if not 0 < price < ${PRICE_LIMIT}:
    refuse('InvalidPrice', 'price is ' + json.dumps(value)[:120] + ': write a decimal above 0 and below 10,000,000')
  return price
def ms(fields, name):
  value = fields.get(name)
  parts = TIME.fullmatch(value) if isinstance(value, str) else None
  if parts is None:
    refuse('InvalidTime', name + ' is ' + json.dumps(value)[:120] + ': write RFC 3339 in UTC')
  numbers = [int(part or 0) for part in parts.groups()[:6]]
  try:
    datetime.datetime(*numbers)
  except ValueError:
    refuse('InvalidTime', name + ' is ' + json.dumps(value)[:120] + ': there is no such time')
  return calendar.timegm(tuple(numbers)) * 1000 + int(((parts.group(7) or '') + '000')[:3])
`.trim();

/** A row with `payload` to `symbol|slot|provider time|price`, times in epoch ms; raises `Reason|detail` for what is none. */
export function parseScript({ feed, symbols, window }: PipelineSettings): string {
  return `
import calendar
import datetime
import json
import math
import re
import time
FEED = ${python(feed)}
SYMBOLS = frozenset(${python(symbols.join(" "))}.split())
PROVIDERS = frozenset(${python(PROVIDER_TYPES.join(" "))}.split())
TIME = re.compile(r'([0-9]{4})-([0-9][0-9])-([0-9][0-9])T([0-9][0-9]):([0-9][0-9])(?::([0-9][0-9])(?:[.]([0-9]+))?)?Z')
${READERS}
def parse(row):
  try:
    data = row.payload.decode('utf-8') if isinstance(row.payload, bytes) else row.payload
    fields = json.loads(data)
  except ValueError as error:
    refuse('Malformed', 'The message is no JSON: ' + str(error)[:120])
  if not isinstance(fields, dict):
    refuse('Malformed', 'The message is no object: ' + json.dumps(fields)[:120])
  feed = text(fields, 'feed')
  symbol = text(fields, 'symbol')
  price = micros(fields)
  slot = ms(fields, 'observed_at')
  provided = ms(fields, 'provider_time')
  volume = fields.get('volume', 0)
  if not isinstance(volume, int) or isinstance(volume, bool) or volume < 0:
    refuse('Malformed', 'volume is ' + json.dumps(volume)[:120] + ': write a whole number')
  if fields.get('provider') not in PROVIDERS:
    refuse('Malformed', 'provider is ' + json.dumps(fields.get('provider'))[:120] + ': it is none')
  if feed != FEED:
    refuse('Malformed', 'feed is ' + json.dumps(feed)[:120] + ': this is the topic of ' + FEED + '.')
  if symbol not in SYMBOLS:
    refuse('UnknownSymbol', json.dumps(symbol)[:120] + ' is not among the symbols of the feed.')
  if slot % ${window.periodMs} != 0:
    refuse('InvalidTime', symbol + ': observed at ' + str(slot) + ', which is no slot of ${window.periodMs} ms.')
  ahead = max(slot, provided) - math.floor(time.time() * 1000)
  if ahead > ${FUTURE_TOLERANCE_MS}:
    refuse('FutureTime', symbol + ': ' + str(ahead) + ' ms ahead of the clock. Check both clocks.')
  return '|'.join([symbol, str(slot), str(provided), str(price)])
`.trim();
}

/** A row with `symbol`, the `entries` of a window and its `window_end`, to the JSON of the window's row. */
export function rowScript({ feed, window, engine }: PipelineSettings): string {
  return `
import datetime
import json
def time_text(ms):
  time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
  return time.isoformat(timespec='milliseconds') + 'Z'
def decimal(micros):
  return '%d.%06d' % divmod(micros, ${MICROS})
def mean(prices):
  nanos, rest = divmod(sum(prices) * 1000, len(prices))
  if rest * 2 > len(prices) or (rest * 2 == len(prices) and nanos % 2 == 1):
    nanos += 1
  return '%d.%09d' % divmod(nanos, 1000000000)
def row_json(row):
  winners = dict()
  for entry in row.entries:
    slot, provided, price = [int(part) for part in entry.split('|')[1:]]
    winners[slot] = max(winners.get(slot, (provided, price)), (provided, price))
  slots = sorted(winners)
  prices = [winners[slot][1] for slot in slots]
  end = row.window_end.micros // 1000
  return json.dumps(dict(
    feed=${python(feed)},
    symbol=row.symbol,
    resolution_minutes=${python((window.sizeMs / 60_000).toFixed(9))},
    window_start=time_text(end - ${window.sizeMs}),
    window_end=time_text(end),
    event_time=time_text(slots[-1]),
    first_event_time=time_text(slots[0]),
    first_price=decimal(prices[0]),
    last_price=decimal(prices[-1]),
    min_price=decimal(min(prices)),
    max_price=decimal(max(prices)),
    mean_price=mean(prices),
    quote_count=len(prices),
    expected_count=${slotsPerWindow(window)},
    engine=${python(engine)},
    written_at=datetime.datetime.utcnow().isoformat(timespec='milliseconds') + 'Z'))
`.trim();
}

/** A row of an error output to the reason that was raised; the runner tells exceptions as Python writes them. */
export const REASON_SCRIPT = `
import re
def reason(row):
  raised = re.search('([A-Z][A-Za-z]+)[|]', row.msg)
  return raised.group(1) if raised else 'Malformed'
`.trim();

/** A row of an error output to what is wrong. */
export const DETAIL_SCRIPT = `
import re
def detail(row):
  return re.sub('[\\'"][)]$', '', row.msg.split('|', 1)[-1])[:${LONGEST_DETAIL}]
`.trim();

/** What an error output's row came from, as text. */
export const PAYLOAD_SCRIPT = `
def payload(row):
  data = row.element.payload
  return data.decode('utf-8', 'replace') if isinstance(data, bytes) else data
`.trim();

/** Now, as RFC 3339. */
export const NOW_SCRIPT = `
import datetime
def now(row):
  return datetime.datetime.utcnow().isoformat(timespec='milliseconds') + 'Z'
`.trim();

/** A dead letter as one JSON. */
export const LETTER_SCRIPT = `
import json
def letter(row):
  attributes = dict(feed=row.feed, reason=row.reason, detail=row.detail, received_at=row.received_at)
  return json.dumps(dict(data=row.data, attributes=attributes))
`.trim();

/** A text as a literal of Python's, which writes ASCII as JSON does. */
function python(text: string): string {
  return JSON.stringify(text);
}
