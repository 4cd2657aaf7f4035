/** Seeded choices: every machine makes the same mutants. */

export interface Random {
  /** A whole number of at least 0 and less than `limit`. */
  readonly below: (limit: number) => number;
  /** One of the list, which must not be empty. */
  readonly pick: <T>(list: readonly T[]) => T;
}

/** FNV-1a, so that neighbouring seeds and names have nothing in common. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return state >>> 0;
}

/** xorshift32 (Marsaglia 2003), started from a text that names the case. */
export function seeded(text: string): Random {
  let state = hash(text) || 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  for (let i = 0; i < 4; i++) below(1);
  return { below, pick: (list) => list[below(list.length)]! };
}
