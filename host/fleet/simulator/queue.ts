/** A binary heap of what is due, the earliest first; of those that are due at one time, the one that was added first. */
export interface DueQueue<T> {
  readonly size: number;
  add(time: number, item: T): void;
  /** Infinity where there is none. */
  firstTime(): number;
  take(): T;
}

interface Entry<T> {
  readonly time: number;
  readonly order: number;
  readonly item: T;
}

const isBefore = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.time < b.time || (a.time === b.time && a.order < b.order);

export function dueQueue<T>(): DueQueue<T> {
  const heap: Entry<T>[] = [];
  let order = 0;

  function rise(entry: Entry<T>): void {
    let i = heap.length;
    for (let parent = (i - 1) >> 1; i > 0 && isBefore(entry, heap[parent]!); parent = (i - 1) >> 1) {
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  function sink(entry: Entry<T>): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (child >= heap.length || isBefore(entry, heap[child]!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = entry;
  }

  return {
    get size() {
      return heap.length;
    },
    add: (time, item) => rise({ time, order: order++, item }),
    firstTime: () => heap[0]?.time ?? Number.POSITIVE_INFINITY,
    take() {
      const first = heap[0];
      if (!first) throw new RangeError("queue: expected something that is due, found nothing");
      const last = heap.pop()!;
      if (heap.length > 0) sink(last);
      return first.item;
    },
  };
}
