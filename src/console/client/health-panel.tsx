import type { ComponentChildren } from "preact";
import { formatClock, formatCount, formatSeconds, NOTHING } from "./format.ts";
import type { LiveFeed } from "./live-state.ts";

/** A lag of the watermark beyond this many seconds is shown as trouble. */
const LAG_SECONDS = 30;

/** How the feed is doing, in a few cards; each headline number is coloured only where something is wrong. */
export function HealthPanel({ feed: { health } }: { readonly feed: LiveFeed }) {
  const failures = Object.entries(health.failures);
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  const lag = health.watermarkLagSeconds;
  return (
    <section class="health" aria-labelledby="health-title">
      <h2 id="health-title">Feed health</h2>
      <div class="cards">
        <Card title="Slots missed" value={formatCount(health.slotsMissed)} bad={health.slotsMissed > 0}>
          <Fact name="Polled" value={formatCount(health.slotsPolled)} />
          <Fact name="Last slot" value={health.lastSlot === undefined ? NOTHING : formatClock(health.lastSlot)} />
        </Card>
        <Card
          title="Watermark lag"
          value={lag === undefined ? NOTHING : formatSeconds(lag)}
          bad={(lag ?? 0) > LAG_SECONDS}
        >
          <Fact name="Watermark" value={health.watermark === undefined ? NOTHING : formatClock(health.watermark)} />
          <Fact name="Late quotes" value={formatCount(health.lateQuotes)} />
        </Card>
        <Card title="Provider errors" value={formatCount(failed)} bad={failed > 0}>
          {failures.map(([kind, count]) => (
            <Fact key={kind} name={words(kind)} value={formatCount(count)} />
          ))}
          {failed === 0 && <Fact name="Symbols without a price" value="0" />}
        </Card>
        <Card title="Dead letters" value={formatCount(health.deadLetters)} bad={health.deadLetters > 0}>
          <Fact name="Quotes accepted" value={formatCount(health.quotesAccepted)} />
          <Fact name="Stale" value={formatCount(health.quotesStale)} />
          <Fact name="Duplicate" value={formatCount(health.quotesDuplicate)} />
        </Card>
        <Card title="Store writes failed" value={formatCount(health.sinkRowsFailed)} bad={health.sinkRowsFailed > 0}>
          <Fact name="Rows written" value={formatCount(health.sinkRowsWritten)} />
          <Fact name="Window rows" value={formatCount(health.windowRows)} />
        </Card>
      </div>
      {health.lastFailure && (
        <p class="last-failure">
          <strong>Last failure</strong>, {formatClock(health.lastFailure.slot)}: {health.lastFailure.message}
        </p>
      )}
    </section>
  );
}

function Card(props: {
  readonly title: string;
  readonly value: string;
  readonly bad: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <article class={props.bad ? "card metric bad" : "card metric"}>
      <h3>{props.title}</h3>
      <p class="metric-value">
        {props.value}
        {props.bad && <span class="visually-hidden"> (needs attention)</span>}
      </p>
      <dl>{props.children}</dl>
    </article>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** @example words("RateLimited") === "Rate limited" */
function words(kind: string): string {
  const spaced = kind.replaceAll(/(?<=[a-z])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
