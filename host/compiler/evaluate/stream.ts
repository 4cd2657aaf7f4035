/** Figures of events in recordings whose right answers are known by their times, and what other thresholds would have said. */

/** A class that is heard, or said to be, in a recording by its number; seconds from its beginning. */
export interface Occurrence {
  readonly recording: number;
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

export interface Said {
  readonly recording: number;
  readonly label: string;
  readonly at: number;
}

export interface Latency {
  readonly mean: number;
  /** Latency of nineteen detections of twenty. */
  readonly p95: number;
}

/** How events of one class fit its occurrences. */
export interface EventFigures {
  readonly label: string;
  readonly occurrences: number;
  readonly detected: number;
  readonly falseRejects: number;
  /** Undefined where the class does not occur. */
  readonly falseRejectRate?: number;
  readonly falseAccepts: number;
  readonly falseAcceptsPerHour: number;
  /** Events in an occurrence that had one. */
  readonly repeated: number;
  /** Seconds from an occurrence's start to its event. */
  readonly latency?: Latency;
}

export interface DetPoint extends EventFigures {
  readonly threshold: number;
}

/** Truth that events are held against: of all recordings together. */
export interface Truth {
  readonly occurrences: readonly Occurrence[];
  readonly hours: number;
  /** Seconds after an occurrence's end in which an event is still its. */
  readonly tolerance: number;
}

function latencyOf(delays: readonly number[]): Latency | undefined {
  if (delays.length === 0) return undefined;
  const sorted = delays.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  return { mean, p95: sorted[Math.ceil(0.95 * sorted.length) - 1]! };
}

/** Figures of one class. The first event from an occurrence's start to `tolerance` after its end is the one that it has. */
export function figuresOf(label: string, said: readonly Said[], truth: Truth): EventFigures {
  const { occurrences, hours, tolerance } = truth;
  const mine = occurrences.filter((each) => each.label === label);
  const detected = new Map<Occurrence, number>();
  let [falseAccepts, repeated] = [0, 0];
  const inOrder = said.filter((each) => each.label === label).toSorted((a, b) => a.at - b.at);
  for (const { recording, at } of inOrder) {
    const around = mine.filter(
      (each) => each.recording === recording && each.start <= at && at <= each.end + tolerance,
    );
    const first = around.find((each) => !detected.has(each));
    if (first) detected.set(first, at - first.start);
    else if (around.length > 0) repeated++;
    else falseAccepts++;
  }
  const falseRejects = mine.length - detected.size;
  const latency = latencyOf([...detected.values()]);
  return {
    label,
    occurrences: mine.length,
    detected: detected.size,
    falseRejects,
    ...(mine.length > 0 && { falseRejectRate: falseRejects / mine.length }),
    falseAccepts,
    falseAcceptsPerHour: falseAccepts / hours,
    repeated,
    ...(latency && { latency }),
  };
}

/** When events begin, beside their thresholds: see host/ops/event.ts. */
export interface Timing {
  readonly least: number;
  readonly of: number;
  /** Inferences after an event's first in which none begins. */
  readonly suppress: number;
}

/** The inferences in which events of one class begin, if it is the only one: whose scores are above the level. */
export function beginnings(
  scores: ArrayLike<number>,
  level: number,
  { least, of, suppress }: Timing,
): number[] {
  const found: number[] = [];
  let [above, free] = [0, 0];
  for (let t = 0; t < scores.length; t++) {
    if (scores[t]! > level) above++;
    if (t >= of && scores[t - of]! > level) above--;
    if (above < least || t < free) continue;
    found.push(t);
    free = t + 1 + suppress;
  }
  return found;
}

/** Scores of one class over a recording, and the seconds at which their windows end. */
export interface Heard {
  readonly scores: ArrayLike<number>;
  readonly times: ArrayLike<number>;
}

const MOST_POINTS = 32;

/** Levels that part the scores that occur, at most so many: ascending, the lowest below all scores but the least. */
export function levelsOf(heard: readonly Heard[]): number[] {
  const all = [...new Set(heard.flatMap(({ scores }) => Array.from(new Set(Array.from(scores)))))].sort(
    (a, b) => a - b,
  );
  if (all.length <= MOST_POINTS) return all;
  return Array.from(
    { length: MOST_POINTS },
    (_, i) => all[Math.round((i * (all.length - 1)) / (MOST_POINTS - 1))]!,
  );
}

/** A class at every level, ascending: each on its own, as if no other said events. `real` is the threshold of a level. */
export function sweep(
  label: string,
  heard: readonly Heard[],
  timing: Timing,
  truth: Truth,
  real: (level: number) => number,
): DetPoint[] {
  return levelsOf(heard).map((level) => {
    const said = heard.flatMap(({ scores, times }, recording) =>
      beginnings(scores, level, timing).map((t): Said => ({ recording, label, at: times[t]! })),
    );
    return { threshold: real(level), ...figuresOf(label, said, truth) };
  });
}

/**
 * The point with fewest false rejects of those with at most so many false accepts an hour, and of several the middle one,
 * which is farthest from doing worse; undefined where there is none, or the class does not occur.
 */
export function bestPoint(points: readonly DetPoint[], mostPerHour: number): DetPoint | undefined {
  const allowed = points.filter(
    ({ occurrences, falseAcceptsPerHour }) => occurrences > 0 && falseAcceptsPerHour <= mostPerHour,
  );
  const least = Math.min(...allowed.map(({ falseRejects }) => falseRejects));
  const best = allowed.filter(({ falseRejects }) => falseRejects === least);
  return best[best.length >> 1];
}
