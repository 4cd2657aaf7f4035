/** Stands in for Node's module of that name in the page, where nothing runs beside anything else. */
export class AsyncLocalStorage {
  getStore(): undefined {
    return undefined;
  }

  run<T>(_store: unknown, work: () => T): T {
    return work();
  }
}
