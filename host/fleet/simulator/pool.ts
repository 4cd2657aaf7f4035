/**
 * Many devices in few instances of the core. All that a device is lies in its linear memory and its flash, so
 * one that has nothing to do is put aside as pages (pages.ts), and another has its instance. One that is put
 * aside does exactly what it would have done: between two calls the core keeps nothing anywhere else.
 */
import type { Exports } from "./instance.ts";
import { PAGE_BYTES, type Page, pack, unpack, ZEROS } from "./pages.ts";

/** Functions that the core imports from its host; `parked` is told when the device is put aside. */
export interface Host {
  readonly imports: Readonly<Record<string, (...args: number[]) => number | undefined>>;
  parked?(): void;
}

/** A device's claim to an instance. */
export interface Lease {
  /** Wakes the device. Valid until another device of the pool is woken. */
  readonly exports: Exports;
  /** Its memory is gone, as it is when power fails. */
  end(): void;
}

export interface Pool {
  readonly module: WebAssembly.Module;
  lease(host: Host): Lease;
  /** How often a device was put aside. */
  readonly parkings: () => number;
}

interface Tenant {
  readonly host: Host;
  pages: Page[];
  instance: Instance | undefined;
}

interface Instance {
  readonly exports: Exports;
  /** Its memory when it was last packed or unpacked; undefined where that is not known. */
  pages: Page[] | undefined;
  tenant: Tenant | undefined;
  used: number;
}

/** An instance whose calls for its host go to whoever `host` says. */
export function instantiate(module: WebAssembly.Module, host: () => Host): Exports {
  const names = WebAssembly.Module.imports(module).map(({ name }) => name);
  const imports = Object.fromEntries(
    names.map((name) => [name, (...args: number[]) => host().imports[name]!(...args)]),
  );
  return new WebAssembly.Instance(module, { thimble: imports }).exports as Exports;
}

const memoryOf = (exports: Exports): Uint8Array => new Uint8Array(exports.memory.buffer);

/** Not the zeros at the end: instances are as large as the largest device that they ever held. */
function trim(pages: Page[]): Page[] {
  const last = pages.findLastIndex((page) => page !== ZEROS);
  return pages.slice(0, last + 1);
}

/** At most `count` instances of the core, at least 2, for as many devices as there are. */
export function instancePool(module: WebAssembly.Module, count = 8): Pool {
  if (count < 2) throw new RangeError(`pool: expected at least 2 instances, found ${count}`);
  const instances: Instance[] = [];
  let [time, parkings] = [0, 0];
  let blank: Page[] | undefined;
  let stackTop = 0;

  function create(): Instance {
    const exports = instantiate(module, () => instance.tenant!.host);
    blank ??= pack(memoryOf(exports));
    stackTop = exports.__stack_pointer.value;
    const instance: Instance = { exports, pages: blank, tenant: undefined, used: 0 };
    instances.push(instance);
    return instance;
  }

  function park(instance: Instance): void {
    const tenant = instance.tenant!;
    instance.pages = pack(memoryOf(instance.exports), instance.pages);
    tenant.pages = trim(instance.pages);
    tenant.instance = undefined;
    instance.tenant = undefined;
    tenant.host.parked?.();
    parkings++;
  }

  function find(): Instance {
    const free = instances.find(({ tenant }) => tenant === undefined);
    if (free || instances.length < count) return free ?? create();
    const oldest = instances.reduce((a, b) => (a.used <= b.used ? a : b));
    park(oldest);
    return oldest;
  }

  function move(tenant: Tenant, instance: Instance): void {
    const { memory, __stack_pointer } = instance.exports;
    const missing = tenant.pages.length * PAGE_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    unpack(memoryOf(instance.exports), tenant.pages, instance.pages);
    instance.pages = tenant.pages;
    // An exception has left it wherever the core was.
    __stack_pointer.value = stackTop;
    instance.tenant = tenant;
    tenant.instance = instance;
  }

  return {
    module,
    parkings: () => parkings,
    lease(host) {
      const instance = find();
      const tenant: Tenant = { host, pages: blank!, instance: undefined };
      let ended = false;
      move(tenant, instance);
      return {
        get exports() {
          if (ended) throw new RangeError("device: expected one that is on, found one that lost its power");
          if (!tenant.instance) move(tenant, find());
          tenant.instance!.used = ++time;
          return tenant.instance!.exports;
        },
        end() {
          ended = true;
          tenant.pages = [];
          if (!tenant.instance) return;
          tenant.instance.pages = undefined;
          tenant.instance.tenant = undefined;
          tenant.instance = undefined;
        },
      };
    },
  };
}
