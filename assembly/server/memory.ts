/**
 * Room behind the module's own memory, for what the server's kernels prepare. It is handed out once, and
 * never taken back.
 */
let top: usize = 0;
let limit: usize = 0;

export function giveRoom(from: usize, end: usize): void {
  top = from;
  limit = end;
}

/** Where the room that is left begins. */
export function roomBegins(): usize {
  return top;
}

/** So many bytes at a multiple of 16, and 16 more that a wide load may read; 0 where there is no room. */
export function allocate(bytes: usize): usize {
  const place: usize = (top + 15) & ~15;
  const end: usize = place + bytes + 16;
  if (end > limit || end < place) return 0;
  top = end;
  return place;
}
