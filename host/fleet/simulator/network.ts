/**
 * Networks and servers at their worst, by seed: what lies between a device and whoever answers it. Faults come
 * alone, or in any order; time passes on the clock of the simulation only.
 */
import type { Answer, Request } from "./ddi.ts";
import { randomOf } from "./random.ts";

/** A server's answer: whole unless it says otherwise, its body in one piece or in many. */
export interface Reply extends Omit<Answer, "body" | "whole"> {
  readonly body: Uint8Array | string | Iterable<Uint8Array>;
  readonly whole?: boolean;
}

/** A server, or whatever stands for one: in this process, or at the other end of a connection. */
export type Handler = (request: Request) => Reply | Promise<Reply>;

/** The outcome of a request, and how many seconds it took. */
export interface Delivery {
  readonly answer: Answer;
  readonly seconds: number;
}

export interface NetworkOptions {
  /** Which faults there are; default all. */
  readonly faults?: readonly FaultName[];
  /** How many of the exchanges meet one: 0 to 1; default 0. */
  readonly rate?: number;
  /** Seconds from a request to its answer: from the first to the second, evenly; default 1. */
  readonly latency?: readonly [least: number, most: number];
  /** Bytes per second of bodies; default without limit. */
  readonly bytesPerSecond?: number;
  readonly seed?: number;
}

export interface Network {
  exchange(request: Request, server: Handler): Delivery | Promise<Delivery>;
  /** How often each fault was met. */
  readonly faults: Readonly<Record<string, number>>;
}

/** The request that a fault meets. */
interface Scene {
  readonly request: Request;
  readonly random: () => number;
  /** An earlier answer to the same request that ordered an update. */
  readonly order: Answer | undefined;
}

interface Fault {
  /** The request that reaches the server instead; undefined where none does. */
  readonly ask?: (request: Request) => Request | undefined;
  /** Whether it is asked once more. */
  readonly again?: true;
  readonly spoil?: (answer: Answer, scene: Scene) => Answer;
  /** Seconds that are lost. */
  readonly stall?: number;
}

/** Clients give up waiting after so long. */
const TIMEOUT = 60;

/** The segment size of TCP over Ethernet: bodies arrive in pieces of it. */
const SEGMENT_BYTES = 1460;

function* segments(body: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < body.length; start += SEGMENT_BYTES)
    yield body.subarray(start, start + SEGMENT_BYTES);
}

/** A reply as it arrives where nothing goes wrong. */
function transmit({ status, headers, body, whole = true }: Reply): Answer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status, headers, body: bytes instanceof Uint8Array ? [...segments(bytes)] : bytes, whole };
}

/** An answer without a body. */
export const emptyAnswer = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: [],
  whole: true,
});

const NONE: Answer = { status: 0, headers: {}, body: [], whole: false };

const somePieces = (answer: Answer, random: () => number): Uint8Array[] => {
  const pieces = [...answer.body];
  return pieces.slice(0, random() % (pieces.length + 1));
};

function flip(answer: Answer, { random }: Scene): Answer {
  const pieces = [...answer.body];
  const target = random() % Math.max(pieces.length, 1);
  return {
    ...answer,
    body: pieces.map((piece, i) => {
      if (i !== target || piece.length === 0) return piece;
      const copy = Uint8Array.from(piece);
      copy[random() % copy.length]! ^= 1 << (random() % 8);
      return copy;
    }),
  };
}

function* endless(body: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield* body;
  for (let i = 0; i < 1000; i++) yield new Uint8Array(997).fill(i);
}

function withoutRange(request: Request): Request {
  const { range: _, ...headers } = request.headers as Record<string, string>;
  return { ...request, headers };
}

const instead = (status: number, headers?: (random: () => number) => Record<string, string>): Fault => ({
  ask: () => undefined,
  spoil: (_, { random }) => emptyAnswer(status, headers?.(random)),
});

const FAULT_TABLE = {
  "lost request": { ask: () => undefined, stall: TIMEOUT },
  "lost answer": { spoil: () => NONE, stall: TIMEOUT },
  "request twice": { again: true },
  stall: {
    spoil: (answer, { random }) => ({ ...answer, body: somePieces(answer, random), whole: false }),
    stall: TIMEOUT,
  },
  "broken connection": {
    spoil: (answer, { random }) => ({ ...answer, body: somePieces(answer, random), whole: false }),
  },
  truncation: { spoil: (answer, { random }) => ({ ...answer, body: somePieces(answer, random) }) },
  "changed bit": { spoil: flip },
  "200 for a range": { ask: withoutRange },
  "changed ETag": {
    spoil: (answer, { random }) => ({ ...answer, headers: { ...answer.headers, etag: `"${random()}"` } }),
  },
  "410": instead(410),
  "416": instead(416),
  "429": instead(429, (random) => ({ "retry-after": String(random() % 100) })),
  "500": instead(500),
  "503": instead(503, () => ({ "retry-after": "20" })),
  "bytes twice": {
    spoil: (answer) => ({ ...answer, body: [...answer.body].flatMap((piece) => [piece, piece]) }),
  },
  "endless body": { spoil: (answer) => ({ ...answer, body: endless(answer.body) }) },
  "duplicated deployment": { spoil: (answer, { order }) => order ?? answer },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULT_TABLE;
export const FAULTS = Object.keys(FAULT_TABLE) as readonly FaultName[];

/** An answer that a client would take for an order to update; undefined where it is none. */
function orderIn(answer: Answer): Answer | undefined {
  if (answer.status !== 200 || !answer.headers["content-type"]?.includes("json")) return undefined;
  const body = [...answer.body];
  return Buffer.concat(body).includes('"deploymentBase"') ? { ...answer, body } : undefined;
}

/** Seconds that a body takes. One without end takes what it takes until nobody wants more of it. */
function transferTime({ body }: Answer, bytesPerSecond: number | undefined): number {
  if (bytesPerSecond === undefined || !Array.isArray(body)) return 0;
  return (body as Uint8Array[]).reduce((sum, { length }) => sum + length, 0) / bytesPerSecond;
}

/** Throws RangeError for an unknown fault, or numbers that are none of a network. */
export function network(options: NetworkOptions = {}): Network {
  const { faults: names = FAULTS, rate = 0, latency = [1, 1], bytesPerSecond, seed = 1 } = options;
  const unknown = names.find((name) => !Object.hasOwn(FAULT_TABLE, name));
  if (unknown !== undefined)
    throw new RangeError(`network: faults: expected ${FAULTS.join(", ")}, found "${unknown}"`);
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`network: rate: expected 0 to 1, found ${rate}`);
  if (!(latency[0] >= 0 && latency[1] >= latency[0]))
    throw new RangeError(`network: latency: expected least and most seconds, found ${latency.join(", ")}`);
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
    throw new RangeError(`network: bytesPerSecond: expected more than 0, found ${bytesPerSecond}`);
  const random = randomOf(seed);
  const fraction = (): number => random() / 2 ** 32;
  const met: Record<string, number> = {};
  const orders = new Map<string, Answer>();

  function choose(): Fault {
    if (names.length === 0 || fraction() >= rate) return {};
    const name = names[random() % names.length]!;
    met[name] = (met[name] ?? 0) + 1;
    return FAULT_TABLE[name];
  }

  function deliver(request: Request, fault: Fault, answer: Answer): Delivery {
    const order = orders.get(request.url);
    const remembered = orderIn(answer);
    if (remembered) orders.set(request.url, remembered);
    const spoilt = fault.spoil?.(answer, { request, random, order }) ?? answer;
    const waiting = latency[0] + fraction() * (latency[1] - latency[0]);
    return {
      answer: spoilt,
      seconds: waiting + (fault.stall ?? 0) + transferTime(spoilt, bytesPerSecond),
    };
  }

  return {
    faults: met,
    exchange(request, server) {
      const fault = choose();
      const asked = fault.ask ? fault.ask(request) : request;
      if (!asked) return deliver(request, fault, NONE);
      const first = server(asked);
      if (first instanceof Promise) {
        return first
          .then((reply) => (fault.again ? server(asked) : reply))
          .then((reply) => deliver(request, fault, transmit(reply)));
      }
      return deliver(request, fault, transmit(fault.again ? (server(asked) as Reply) : first));
    },
  };
}
