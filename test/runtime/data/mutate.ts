/** Seeded damage to files. */

/** Lehmer generator (Park & Miller 1988), so that every machine sees the same files. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}

/** One to three of: a byte changed, a byte in, a run of bytes out, the end cut off, a piece repeated. */
export function mutate(bytes: Uint8Array, below: (n: number) => number): Uint8Array {
  let result = [...bytes];
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(result.length + 1);
    const edits = [
      () => result.with(Math.min(at, result.length - 1), below(256)),
      () => result.toSpliced(at, 0, below(256)),
      () => result.toSpliced(at, 1 + below(8)),
      () => result.slice(0, at),
      () => result.toSpliced(at, 0, ...result.slice(at, at + below(40))),
    ];
    if (result.length > 0) result = edits[below(edits.length)]!();
  }
  return Uint8Array.from(result);
}
