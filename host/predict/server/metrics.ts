/**
 * Counts of a server in the text format of Prometheus, version 0.0.4. A library of counters would keep the text for later
 * (its result is a promise); here a request is answered at once.
 */

/** Seconds, as bounds of a histogram. */
const BOUNDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3] as const;

type Labels = Readonly<Record<string, string>>;

const labelText = (labels: Labels): string => {
  const escaped = (value: string): string =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
};

interface Family {
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: Map<string, number>;
}

export interface Metrics {
  readonly count: (name: CounterName, labels: Labels, by?: number) => void;
  readonly observe: (seconds: number) => void;
  /** `gauges` are read at this moment. */
  readonly text: (gauges: readonly Gauge[]) => string;
}

export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly type?: "counter" | "gauge";
  readonly labels?: Labels;
  readonly value: number;
}

const COUNTERS = {
  thimble_requests_total: "Requests by what they asked for and the status that they got.",
  thimble_rows_total: "Rows that were predicted, by model and version.",
  thimble_reloads_total: "Files that were loaded again, by model and result.",
} as const;
export type CounterName = keyof typeof COUNTERS;

const DURATION = "thimble_request_seconds";

export function metrics(): Metrics {
  const counters = new Map<string, Family>(
    Object.entries(COUNTERS).map(([name, help]) => [name, { help, type: "counter", samples: new Map() }]),
  );
  const buckets = new Array<number>(BOUNDS.length + 1).fill(0);
  let sum = 0;
  const histogram = (): string[] => {
    let below = 0;
    const lines = [...BOUNDS.map(String), "+Inf"].map((bound, i) => {
      below += buckets[i]!;
      return `${DURATION}_bucket{le="${bound}"} ${below}`;
    });
    return [
      `# HELP ${DURATION} Seconds from a whole request to its answer.`,
      `# TYPE ${DURATION} histogram`,
      ...lines,
      `${DURATION}_sum ${sum}`,
      `${DURATION}_count ${below}`,
    ];
  };
  return {
    count(name, labels, by = 1) {
      const { samples } = counters.get(name)!;
      const key = labelText(labels);
      samples.set(key, (samples.get(key) ?? 0) + by);
    },
    observe(seconds) {
      const place = BOUNDS.findIndex((bound) => seconds <= bound);
      buckets[place < 0 ? BOUNDS.length : place]!++;
      sum += seconds;
    },
    text(gauges) {
      const lines = [...counters].flatMap(([name, { help, type, samples }]) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...[...samples].map(([labels, value]) => `${name}${labels} ${value}`),
      ]);
      const seen = new Set<string>();
      for (const { name, help, type = "gauge", labels = {}, value } of gauges) {
        if (!seen.has(name)) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
        seen.add(name);
        lines.push(`${name}${labelText(labels)} ${value}`);
      }
      return `${[...lines, ...histogram()].join("\n")}\n`;
    },
  };
}
