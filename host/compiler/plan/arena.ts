/**
 * The static memory planner: gives every activation and scratch buffer a fixed offset in one arena, so that
 * the module needs no allocator and its RAM is known at build time.
 *
 * This is offline dynamic storage allocation, NP-hard (Garey & Johnson 1979, problem SR2). Networks are
 * small, so we start from greedy orders (by size: Pisarchyk & Lee 2020, "Efficient Memory Management for
 * Deep Neural Net Inference", arXiv:2001.03288) and close the gap by an exact search. It branches on which
 * of two buffers lies below, as job-shop scheduling does on a machine (Carlier & Pinson 1989, "An Algorithm
 * for Solving the Job-Shop Problem"). Placing buffers one by one from the bottom up left one 30-buffer chain
 * in five unproved, because it enumerates the plans of unrelated parts together. What stays unproved gets a
 * local search.
 * All limits are counts, never times, and ties go by name, so a plan depends neither on the machine nor on
 * the order of the input.
 */

/** One buffer that must live in the arena from step `start` to step `end`, both inclusive. */
export interface Buffer {
  readonly name: string;
  readonly bytes: number;
  /** The offset must be a multiple of this. */
  readonly alignment: number;
  readonly start: number;
  readonly end: number;
}

export interface ArenaPlan {
  /** Buffer name to offset in bytes from the start of the arena. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Size of the arena. */
  readonly bytes: number;
  /** No plan can be smaller than this: the live bytes of the fullest step, padded as alignment forces. */
  readonly lowerBound: number;
  /** True when it is proved that no smaller plan exists. */
  readonly optimal: boolean;
}

/** Buffers live at one step, by index. Padded to `gcd` and stacked, all but the top one keep the padding. */
interface Clique {
  readonly members: readonly number[];
  readonly gcd: number;
  /** The most padding that the top one can save. */
  readonly slack: number;
}

interface Problem {
  readonly buffers: readonly Buffer[];
  readonly cliques: readonly Clique[];
  /** All pairs of buffers that are live together, by index. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly lowerBound: number;
}

interface Placement {
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** A node of the exact search: the range of each buffer's offset, and the vertical order of each pair. */
interface Node {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly order: Uint8Array;
}

const UNDECIDED = 0;
const FIRST_BELOW = 1;
const SECOND_BELOW = 2;

/** Nodes times pairs, and first-fit rounds times pairs of buffers: each about a third of a second at most. */
const EXACT_SEARCH_WORK = 3_000_000;
const LOCAL_SEARCH_WORK = 80_000_000;
const MAX_NODES = 20_000;
const MAX_ROUNDS = 10_000;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;
const alignDown = (value: number, alignment: number): number => Math.floor(value / alignment) * alignment;
const overlapInTime = (a: Buffer, b: Buffer): boolean => a.start <= b.end && b.start <= a.end;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Plans the arena. Exact search visits at most `options.nodeLimit` nodes (default 20 000, fewer for more than
 * 150 pairs of overlapping buffers; 0 leaves it out); the local search after it has a fixed budget.
 * Throws an Error that names the buffer when a size, alignment or interval is invalid or a name is repeated.
 */
export function planArena(buffers: readonly Buffer[], options: { nodeLimit?: number } = {}): ArenaPlan {
  validate(buffers);
  const problem = describe(buffers);
  let best = bestGreedy(problem);
  let exhausted = false;
  const limit = options.nodeLimit ?? Math.min(MAX_NODES, Math.ceil(EXACT_SEARCH_WORK / problem.pairs.length));
  if (best.bytes > problem.lowerBound) {
    const search = exactSearch(problem, best, limit);
    exhausted = search.exhausted;
    best = exhausted ? search.best : localSearch(problem, search.best);
  }
  return {
    offsets: new Map(problem.buffers.map((buffer, i) => [buffer.name, best.offsets[i]!])),
    bytes: best.bytes,
    lowerBound: problem.lowerBound,
    optimal: exhausted || best.bytes === problem.lowerBound,
  };
}

/**
 * Throws an Error naming the buffers at fault unless `plan` places exactly `buffers`: each inside the arena,
 * aligned, and apart in space from every other that is live at the same step.
 */
export function checkPlan(buffers: readonly Buffer[], plan: ArenaPlan): void {
  validate(buffers);
  const names = new Set(buffers.map((buffer) => buffer.name));
  for (const name of plan.offsets.keys()) {
    if (!names.has(name)) throw new Error(`arena: plan places "${name}", which is not among the buffers`);
  }
  const range = (b: Buffer) =>
    `"${b.name}" [${plan.offsets.get(b.name)!}, ${plan.offsets.get(b.name)! + b.bytes})`;
  const before = (a: Buffer, b: Buffer) => plan.offsets.get(a.name)! + a.bytes <= plan.offsets.get(b.name)!;
  for (const [i, a] of buffers.entries()) {
    const offset = plan.offsets.get(a.name);
    if (offset === undefined) throw new Error(`arena: buffer "${a.name}" has no offset in the plan`);
    if (!Number.isSafeInteger(offset) || offset < 0 || !(offset + a.bytes <= plan.bytes))
      throw new Error(`arena: buffer ${range(a)} is out of range, expected within [0, ${plan.bytes})`);
    if (offset % a.alignment !== 0)
      throw new Error(
        `arena: buffer "${a.name}" is misaligned, expected a multiple of ${a.alignment}, found ${offset}`,
      );
    for (const b of buffers.slice(0, i)) {
      if (overlapInTime(a, b) && !before(a, b) && !before(b, a))
        throw new Error(
          `arena: buffers ${range(b)} and ${range(a)} overlap, live at step ${Math.max(a.start, b.start)}`,
        );
    }
  }
}

/** The first step with the most live bytes (no padding counted), and the names live there, largest first. */
export function peakStep(buffers: readonly Buffer[]): { step: number; bytes: number; live: string[] } {
  validate(buffers);
  let peak = { step: 0, bytes: 0, live: [] as string[] };
  for (const step of buffers.map((buffer) => buffer.start).sort((a, b) => a - b)) {
    const live = buffers.filter((b) => b.start <= step && step <= b.end).sort((a, b) => b.bytes - a.bytes);
    const bytes = sum(live.map((b) => b.bytes));
    if (bytes > peak.bytes) peak = { step, bytes, live: live.map((b) => b.name) };
  }
  return peak;
}

function validate(buffers: readonly Buffer[]): void {
  const names = new Set<string>();
  for (const { name, bytes, alignment, start, end } of buffers) {
    const fail = (expected: string, found: unknown): never => {
      throw new Error(`arena: buffer "${name}": expected ${expected}, found ${found}`);
    };
    if (names.has(name)) fail("a unique name", "it twice");
    names.add(name);
    if (!Number.isSafeInteger(bytes) || bytes < 1) fail("a size of at least 1 byte", bytes);
    if (!Number.isSafeInteger(alignment) || alignment < 1) fail("a positive integer alignment", alignment);
    if (!Number.isSafeInteger(start) || start < 0) fail("a start step of at least 0", start);
    if (!Number.isSafeInteger(end) || end < start) fail(`an end step of at least ${start} (its start)`, end);
  }
}

function describe(input: readonly Buffer[]): Problem {
  const byName = (a: Buffer, b: Buffer) => (a.name < b.name ? -1 : 1);
  const buffers = input.toSorted(
    (a, b) =>
      a.start - b.start || a.end - b.end || a.bytes - b.bytes || a.alignment - b.alignment || byName(a, b),
  );
  const starts = [...new Set(buffers.map((buffer) => buffer.start))];
  const isLive = (i: number, step: number) => buffers[i]!.start <= step && step <= buffers[i]!.end;
  const indices = [...buffers.keys()];
  const live = starts.map((step) => indices.filter((i) => isLive(i, step)));
  // Live sets grow only at starts; one that loses no buffer before the next start is a subset of the next.
  const cliques = live
    .filter((set, k) => k + 1 === starts.length || set.some((i) => buffers[i]!.end < starts[k + 1]!))
    .map((members) => makeClique(buffers, members));
  const pairs = indices.flatMap((i) =>
    indices.filter((j) => i < j && overlapInTime(buffers[i]!, buffers[j]!)).map((j) => [i, j] as const),
  );
  const floors = new Float64Array(buffers.length);
  const lowerBound = Math.max(0, ...cliques.map((clique) => stackHeight(buffers, clique, floors)));
  return { buffers, cliques, pairs, lowerBound };
}

function makeClique(buffers: readonly Buffer[], members: readonly number[]): Clique {
  const unit = members.map((i) => buffers[i]!.alignment).reduce(gcd);
  const padding = members.map((i) => alignUp(buffers[i]!.bytes, unit) - buffers[i]!.bytes);
  return { members, gcd: unit, slack: Math.max(...padding) };
}

/** The least height of a clique whose buffers lie no lower than `floors`: stacked by rising floor. */
function stackHeight(
  buffers: readonly Buffer[],
  { members, gcd, slack }: Clique,
  floors: Float64Array,
): number {
  let top = 0;
  for (const i of members.toSorted((a, b) => floors[a]! - floors[b]!))
    top = Math.max(top, floors[i]!) + alignUp(buffers[i]!.bytes, gcd);
  return top - slack;
}

/** Puts the buffers, in the given order, each at the lowest offset where it fits. */
function firstFit({ buffers }: Problem, order: readonly number[]): Placement {
  const offsets = new Array<number>(buffers.length).fill(0);
  const placed: number[] = []; // by offset
  let bytes = 0;
  for (const i of order) {
    const buffer = buffers[i]!;
    let offset = 0;
    for (const j of placed) {
      const other = buffers[j]!;
      if (!overlapInTime(buffer, other)) continue;
      if (offset + buffer.bytes <= offsets[j]!) break;
      offset = Math.max(offset, alignUp(offsets[j]! + other.bytes, buffer.alignment));
    }
    offsets[i] = offset;
    const above = placed.findIndex((j) => offsets[j]! > offset);
    placed.splice(above < 0 ? placed.length : above, 0, i);
    bytes = Math.max(bytes, offset + buffer.bytes);
  }
  return { offsets, bytes };
}

function bestGreedy(problem: Problem): Placement {
  const life = (b: Buffer) => b.end - b.start + 1;
  const keys = [(b: Buffer) => b.bytes, life, (b: Buffer) => b.bytes * life(b), (b: Buffer) => -b.start];
  const plans = keys.map((key) => firstFit(problem, descending(problem.buffers, key)));
  return plans.reduce((best, plan) => (plan.bytes < best.bytes ? plan : best));
}

/** Indices by descending key, then by descending size. */
function descending(buffers: readonly Buffer[], key: (buffer: Buffer, i: number) => number): number[] {
  const keys = buffers.map(key);
  return [...keys.keys()].sort(
    (a, b) => keys[b]! - keys[a]! || buffers[b]!.bytes - buffers[a]!.bytes || a - b,
  );
}

/**
 * Narrows the gap between the lower bound and the best plan by asking whether `cap` bytes are enough: first
 * at the lower bound, where most networks end, then by bisection.
 */
function exactSearch(problem: Problem, start: Placement, nodeLimit: number) {
  let best = start;
  let refuted = problem.lowerBound - 1; // every cap up to this is impossible
  let tried = refuted; // every cap up to this is impossible or was given up
  let nodes = nodeLimit;
  for (let cap = problem.lowerBound; nodes > 0 && tried < best.bytes - 1; ) {
    const result = fitUnder(problem, cap, Math.ceil(nodes / 2));
    nodes -= result.nodes;
    if (result.placement) best = result.placement;
    else tried = cap;
    if (result.exhausted && !result.placement) refuted = cap;
    cap = Math.floor((tried + best.bytes) / 2);
  }
  return { best, exhausted: refuted === best.bytes - 1 };
}

/**
 * Looks for a plan of at most `cap` bytes. Where buffers set at their lowest offsets overlap, branches on the
 * order of the tightest such pair; where none do, that is the plan.
 */
function fitUnder(problem: Problem, cap: number, nodeLimit: number) {
  const { buffers, cliques, pairs } = problem;
  const low = new Float64Array(buffers.length);
  const high = Float64Array.from(buffers, (b) => alignDown(cap - b.bytes, b.alignment));
  const order = Uint8Array.from(pairs, ([a, b]) =>
    interchangeable(buffers[a]!, buffers[b]!) ? FIRST_BELOW : UNDECIDED,
  );
  const stack: Node[] = [{ low, high, order }];
  let nodes = 0;
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (nodes++ >= nodeLimit) return { exhausted: false, nodes };
    const floors = node.low;
    if (!propagate(problem, node) || cliques.some((c) => stackHeight(buffers, c, floors) > cap)) continue;
    const branch = tightestOverlap(problem, node);
    if (!branch) {
      const bytes = Math.max(...buffers.map((buffer, i) => floors[i]! + buffer.bytes));
      return { placement: { offsets: [...floors], bytes }, exhausted: true, nodes };
    }
    for (const choice of [FIRST_BELOW + SECOND_BELOW - branch.roomier, branch.roomier]) {
      const child = { low: node.low.slice(), high: node.high.slice(), order: node.order.slice() };
      child.order[branch.pair] = choice;
      stack.push(child);
    }
  }
  return { exhausted: true, nodes };
}

const interchangeable = (a: Buffer, b: Buffer): boolean =>
  a.start === b.start && a.end === b.end && a.bytes === b.bytes && a.alignment === b.alignment;

/** Narrows the ranges to a fixed point, deciding pairs that have one order left; false if any has none. */
function propagate({ buffers, pairs }: Problem, { low, high, order }: Node): boolean {
  for (let changed = true; changed; ) {
    changed = false;
    for (let p = 0; p < pairs.length; p++) {
      let [a, b] = pairs[p]!;
      if (order[p] === UNDECIDED) {
        const firstFits = low[a]! + buffers[a]!.bytes <= high[b]!;
        if (firstFits && low[b]! + buffers[b]!.bytes <= high[a]!) continue;
        order[p] = firstFits ? FIRST_BELOW : SECOND_BELOW;
      }
      if (order[p] === SECOND_BELOW) [a, b] = [b, a];
      const lift = alignUp(low[a]! + buffers[a]!.bytes, buffers[b]!.alignment);
      const drop = alignDown(high[b]! - buffers[a]!.bytes, buffers[a]!.alignment);
      if (lift > high[b]! || drop < low[a]!) return false;
      changed ||= lift > low[b]! || drop < high[a]!;
      low[b] = Math.max(low[b]!, lift);
      high[a] = Math.min(high[a]!, drop);
    }
  }
  return true;
}

/** The pair with the least room among those that overlap at their lowest offsets, and its roomier order. */
function tightestOverlap({ buffers, pairs }: Problem, { low, high, order }: Node) {
  let tightest: { pair: number; roomier: number } | undefined;
  let least = Infinity;
  for (let pair = 0; pair < pairs.length; pair++) {
    const [a, b] = pairs[pair]!;
    const endA = low[a]! + buffers[a]!.bytes;
    const endB = low[b]! + buffers[b]!.bytes;
    const room = high[b]! - endA + high[a]! - endB;
    if (order[pair] !== UNDECIDED || endA <= low[b]! || endB <= low[a]! || room >= least) continue;
    tightest = { pair, roomier: high[b]! - endA >= high[a]! - endB ? FIRST_BELOW : SECOND_BELOW };
    least = room;
  }
  return tightest;
}

/** Moves buffers at the top of the arena, or live beside one, to another place in a first-fit order. */
function localSearch(problem: Problem, start: Placement): Placement {
  const { buffers, lowerBound } = problem;
  let state = 0x9e3779b9;
  // xorshift32 (Marsaglia 2003), a fixed seed
  const below = (n: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  let order = descending(buffers, (_, i) => -start.offsets[i]!);
  let current = firstFit(problem, order);
  let best = current.bytes < start.bytes ? current : start;
  const rounds = Math.min(MAX_ROUNDS, LOCAL_SEARCH_WORK / buffers.length ** 2);
  for (let round = 0; round < rounds && best.bytes > lowerBound; round++) {
    const top = order.find((i) => current.offsets[i]! + buffers[i]!.bytes === current.bytes)!;
    const beside = order.filter((i) => overlapInTime(buffers[i]!, buffers[top]!));
    const from = order.indexOf(below(2) === 0 ? top : beside[below(beside.length)]!);
    const next = [...order];
    next.splice(below(buffers.length), 0, ...next.splice(from, 1));
    const plan = firstFit(problem, next);
    if (plan.bytes > current.bytes) continue;
    [order, current] = [next, plan];
    if (plan.bytes < best.bytes) best = plan;
  }
  return best;
}
