/**
 * Memory of devices that do nothing right now, in pages. Fleets are much alike: a page is kept once for all
 * devices that have one of the same content, and goes when the last of them no longer needs it.
 */

/** Small, since most of what a device has for itself is a few hundred bytes here and there. */
export const PAGE_BYTES = 1024;

/** Never changed, since others may hold it; the last one of a memory may be shorter. */
export type Page = Buffer;

const known = new Map<number, WeakRef<Page>>();
const forgotten = new FinalizationRegistry<number>((hash) => {
  if (known.get(hash)?.deref() === undefined) known.delete(hash);
});

/** FNV-1a by words: which pages are the same is decided by their bytes. */
function hashOf(content: Buffer): number {
  const words = new Int32Array(content.buffer, content.byteOffset, content.length >>> 2);
  let hash = 0x811c9dc5 ^ content.length;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash;
}

/** The page of this content that others have, or a copy that others may find. */
function share(content: Buffer): Page {
  const hash = hashOf(content);
  const found = known.get(hash)?.deref();
  if (found?.equals(content)) return found;
  const copy = Buffer.from(new Uint8Array(content).buffer);
  if (found === undefined) {
    known.set(hash, new WeakRef(copy));
    forgotten.register(copy, hash);
  }
  return copy;
}

/** All zeros: what memory holds that nobody has written to. */
export const ZEROS: Page = share(Buffer.from(new ArrayBuffer(PAGE_BYTES)));

/** The pages of a memory that begins at a multiple of 4 bytes. `before` are those it had when it was last looked at: what has not changed stays. */
export function pack(memory: Uint8Array, before: readonly Page[] = []): Page[] {
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.length);
  return Array.from({ length: Math.ceil(bytes.length / PAGE_BYTES) }, (_, i) => {
    const [start, end] = [i * PAGE_BYTES, Math.min((i + 1) * PAGE_BYTES, bytes.length)];
    const old = before[i] ?? ZEROS;
    return bytes.compare(old, 0, old.length, start, end) === 0 ? old : share(bytes.subarray(start, end));
  });
}

/**
 * Makes a memory hold `wanted`, and zeros behind it. Only what differs is copied, where it is known what it holds:
 * `present`, and zeros behind it.
 */
export function unpack(
  memory: Uint8Array,
  wanted: readonly Page[],
  present: readonly Page[] | undefined,
): void {
  const count = Math.ceil(memory.length / PAGE_BYTES);
  for (let i = 0; i < count; i++) {
    const page = wanted[i] ?? ZEROS;
    if (!present || page !== (present[i] ?? ZEROS)) memory.set(page, i * PAGE_BYTES);
  }
}
