/** Numbers from 0 to below 2^32, the same for the same seed: xorshift32, with seeds that are close made far apart. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
