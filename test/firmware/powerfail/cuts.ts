/** Every loss of power that an update can meet, one after the other. */
import assert from "node:assert/strict";
import type { Device } from "../../../host/fleet/simulator/device.ts";
import type { Cut, NorFlash } from "../../../host/fleet/simulator/flash.ts";
import { STATUS } from "../../support/signed_images.ts";
import {
  factory,
  type Geometry,
  heldIn,
  infer,
  layout,
  SHORT_RAM_BYTES,
  start,
  tryUpdate,
  untilPowerLoss,
  update,
  version,
} from "../../support/two_versions.ts";

export const WHENS = ["before", "amid", "after"] as const;

/** What goes on when power fails: the update to `next`, from a device that runs `first`. */
export interface Story {
  readonly name: string;
  readonly first: Uint8Array;
  readonly next: Uint8Array;
  /** What the device runs in the end, when nothing fails any more. */
  readonly last: number;
  /** Records of the journal that are written before: so many that the story meets the end of a sector. */
  readonly records: number;
  /** The application is not content with `next`, whenever it finds it on trial. */
  readonly isUnhealthy?: boolean;
}

const first = version(1);
const next = version(2);

export const STORIES: readonly Story[] = [
  { name: "an update", first, next, last: 2, records: 0 },
  { name: "an update, and the journal's sector is full amid it", first, next, last: 2, records: 60 },
  { name: "a version that is refused for its counter", first: version(3), next, last: 3, records: 0 },
  { name: "a version that traps on trial", first, next: version(2, { traps: true }), last: 1, records: 58 },
  { name: "a version that the application rejects", first, next, last: 1, records: 59, isUnhealthy: true },
  { name: "a version of another model", first, next: version(2, { id: "other" }), last: 1, records: 0 },
];

/** Fills the journal with orders that are taken back. */
function fillJournal(device: Device, records: number): void {
  const service = device.services[0]!;
  for (let i = 0; i < records; i += 2) {
    service.begin({ size: 1, action: i, tag: 1 });
    service.cancel();
  }
}

function prepare(core: WebAssembly.Module, geometry: Geometry, story: Story): NorFlash {
  const flash = factory(geometry, story.first);
  fillJournal(start(core, geometry, flash), Math.floor((story.records * geometry.sectorBytes) / 4096));
  return flash;
}

/** Names a run of cuts: `replay` reads it. */
export const idOf = (geometry: Geometry, cuts: readonly Cut[]): string =>
  `${geometry.sectorBytes}/${geometry.programBytes}:${cuts.map(({ operation, when }) => `${operation}-${when}`).join(",")}`;

/** How many operations on flash the whole story takes, without a loss of power. */
export function countOperations(core: WebAssembly.Module, geometry: Geometry, story: Story): number {
  const flash = prepare(core, geometry, story);
  const before = flash.statistics().operations;
  update(start(core, geometry, flash), story.next, story.isUnhealthy);
  return flash.statistics().operations - before;
}

/** After any loss of power: the device starts, runs a whole model, and what it says of itself is true. */
function checkStart(core: WebAssembly.Module, geometry: Geometry, flash: NorFlash, story: Story): void {
  const device = start(core, geometry, flash);
  const service = device.services[0]!;
  assert.ok(service.version(), "expected a model that runs, found none");
  const { state, slot } = service.record();
  const held = heldIn(geometry, flash, state === "trial" ? 1 - slot : slot);
  const image = [story.first, story.next].find((each) => held.subarray(0, each.length).equals(each));
  assert.ok(image, `slot ${slot} in state ${state}: expected one of the images, found another`);
  assert.equal(service.version(), `${image[20]}.0.0`);
  if (story.isUnhealthy && state === "trial") assert.equal(service.reject(STATUS.HEALTH), 0);
  // One that traps gives way to the one before, which computes what it always has.
  if (infer(device) < 0) assert.equal(service.version(), `${story.first[20]}.0.0`);
  assert.equal(infer(device), Number(service.version()!.split(".")[0]));
}

/** Power fails at each cut in turn, each counted from the start after the one before; then it stays. */
export function survive(
  core: WebAssembly.Module,
  geometry: Geometry,
  story: Story,
  cuts: readonly Cut[],
): void {
  const flash = prepare(core, geometry, story);
  for (const cut of cuts) {
    untilPowerLoss(flash, cut, () => update(start(core, geometry, flash), story.next, story.isUnhealthy));
  }
  checkStart(core, geometry, flash, story);
  update(start(core, geometry, flash), story.next, story.isUnhealthy);
  const device = start(core, geometry, flash);
  assert.equal(infer(device), story.last, "the update completes when it is tried again");
  assert.equal(device.services[0]!.record().state, "idle");
}

const isRejecting = ({ next, last }: Story): boolean => next[20] !== last;

/** Ends a trial, if there is one, as the story's application does. */
function settle(device: Device, story: Story): void {
  const service = device.services[0]!;
  for (let i = 0; i < 3 && service.record().state === "trial"; i++) {
    // The slot in service, which it goes back to, may be damaged.
    if (story.isUnhealthy) assert.ok([0, STATUS.HASH].includes(service.reject(STATUS.HEALTH)));
    else infer(device);
  }
}

/**
 * Power fails at the cut, and then the slot in service rots. An image that is turned down never runs again: neither
 * at the next start, nor after what it was when power failed has come to its end.
 */
export function surviveRot(
  core: WebAssembly.Module,
  geometry: Geometry,
  story: Story,
  cuts: readonly Cut[],
): void {
  const flash = prepare(core, geometry, story);
  for (const cut of cuts)
    untilPowerLoss(flash, cut, () => update(start(core, geometry, flash), story.next, story.isUnhealthy));
  const [slotA] = layout(geometry).options.models[0]!.slots;
  flash.bytes[slotA + 5000]! ^= 1;
  let wasTurnedDown = false;
  for (let i = 0; i < 3; i++) {
    const device = start(core, geometry, flash);
    const isNext = device.services[0]!.version() === `${story.next[20]}.0.0`;
    assert.ok(
      !(wasTurnedDown && isNext),
      "expected an image that was turned down never to run, found it running",
    );
    settle(device, story);
    const { state, outcome, slot } = device.services[0]!.record();
    wasTurnedDown ||= outcome === "refused";
    if (isRejecting(story)) assert.ok(state !== "idle" || slot === 0, "expected slot A in service, found B");
  }
  if (!isRejecting(story)) return;
  assert.equal(start(core, geometry, flash).services[0]!.version(), undefined);
}

/** Power fails at the cut, and at the next start there is too little RAM for any model, once. */
export function surviveShortRam(
  core: WebAssembly.Module,
  geometry: Geometry,
  story: Story,
  cuts: readonly Cut[],
): void {
  const flash = prepare(core, geometry, story);
  for (const cut of cuts)
    untilPowerLoss(flash, cut, () => update(start(core, geometry, flash), story.next, story.isUnhealthy));
  const before = flash.bytes.slice();
  const short = start(core, geometry, flash, { ramBytes: SHORT_RAM_BYTES });
  assert.equal(short.services[0]!.version(), undefined);
  const { slot } = short.services[0]!.record();
  const device = start(core, geometry, flash);
  assert.equal(device.services[0]!.record().slot, slot, "expected the slot in service as it was");
  const { state, outcome } = device.services[0]!.record();
  if (state === "idle" && outcome === "installed") assert.deepEqual(flash.bytes.slice(), before);
  checkStart(core, geometry, flash, story);
  update(start(core, geometry, flash), story.next, story.isUnhealthy);
  assert.equal(
    infer(start(core, geometry, flash)),
    story.last,
    "the update completes when it is tried again",
  );
}

/** What fails: one operation on flash, or from that one on all of the journal's, or all of everything. */
export const FAILURES = ["once", "journal", "all"] as const;

export interface Failure {
  readonly operation: number;
  readonly what: (typeof FAILURES)[number];
}

/** Operations on flash fail while the update goes on, and still at the next start; then flash is well again. */
export function surviveFailure(
  core: WebAssembly.Module,
  geometry: Geometry,
  story: Story,
  { operation, what }: Failure,
): void {
  const flash = prepare(core, geometry, story);
  const from = flash.statistics().operations + operation;
  flash.breaks((address, at) => {
    if (what === "once") return at === from;
    return at >= from && (what === "all" || address < 2 * geometry.sectorBytes);
  });
  const runsWhole = (device: Device): void => {
    const ran = device.services[0]!.version();
    assert.ok(ran, "expected a model that runs, found none");
    // One that traps gives way to the one before.
    if (infer(device) === STATUS.TRAP) assert.equal(infer(device), story.first[20]);
  };
  for (let life = 0; life < 2; life++) {
    const device = start(core, geometry, flash);
    runsWhole(device);
    tryUpdate(device, story.next, story.isUnhealthy);
    runsWhole(device);
  }
  runsWhole(start(core, geometry, flash));
  flash.breaks(undefined);
  checkStart(core, geometry, flash, story);
  update(start(core, geometry, flash), story.next, story.isUnhealthy);
  const device = start(core, geometry, flash);
  assert.equal(infer(device), story.last, "the update completes when it is tried again");
  assert.equal(device.services[0]!.record().state, "idle");
}
