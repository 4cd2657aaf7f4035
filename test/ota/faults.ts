/** Networks and servers at their worst, by seed: each fault alone and all of them in random order. */
import type { Answer, Request } from "../../host/device/ddi.ts";
import { failure } from "./scripted_server.ts";

/** Numbers from 0 to below 2^32, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

type Fault = (answer: Answer, random: () => number) => Answer;

function flip(answer: Answer, random: () => number): Answer {
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

export const FAULTS: Readonly<Record<string, Fault>> = {
  "no answer": () => ({ status: 0, headers: {}, body: [], whole: false }),
  "a broken connection": (answer, random) => {
    const pieces = [...answer.body];
    return { ...answer, body: pieces.slice(0, random() % (pieces.length + 1)), whole: false };
  },
  "a body cut short": (answer, random) => {
    const pieces = [...answer.body];
    return { ...answer, body: pieces.slice(0, random() % (pieces.length + 1)) };
  },
  "a changed bit": flip,
  "another ETag": (answer, random) => ({ ...answer, headers: { ...answer.headers, etag: `"${random()}"` } }),
  "410": () => failure(410),
  "416": () => failure(416),
  "429": (_, random) => failure(429, { "retry-after": String(random() % 100) }),
  "500": () => failure(500),
  "503": () => failure(503, { "retry-after": "20" }),
  "bytes twice": (answer) => ({ ...answer, body: [...answer.body].flatMap((piece) => [piece, piece]) }),
  "a body without end": (answer) => ({
    ...answer,
    body: (function* endless() {
      yield* answer.body;
      for (let i = 0; i < 1000; i++) yield new Uint8Array(997).fill(i);
    })(),
  }),
};

/** Spoils every answer with the probability of 1 in `rarity`, by the faults of that list. */
export function spoiler(seed: number, names: readonly string[], rarity: number) {
  const random = randomOf(seed);
  return (_: Request, answer: Answer): Answer =>
    random() % rarity === 0 ? FAULTS[names[random() % names.length]!]!(answer, random) : answer;
}
