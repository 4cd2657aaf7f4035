/** The table of states in SPEC.md, section 6: the core's own, and what every event does in every state. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { type Device, type ModelRecord, type Service, STATES } from "../../../host/fleet/simulator/device.ts";
import type { NorFlash } from "../../../host/fleet/simulator/flash.ts";
import { root } from "../../../host/root.ts";
import { STATUS } from "../../support/signed_images.ts";
import { factory, GEOMETRIES, layout, start as startIn, version } from "../../support/two_versions.ts";

type State = (typeof STATES)[number];
type Row = { readonly from: State; readonly event: string; readonly to: State; readonly other: string };

const read = (...path: string[]): string => readFileSync(join(root, "firmware", ...path), "utf8");

/** Rows "| idle, ready | begin: an image is offered | download | barred | ... |", one for each state. */
function rowsOfSpec(): Row[] {
  const section = read("SPEC.md").split("\n## 6. ")[1]!.split("\n## ")[0]!;
  return [...section.matchAll(/^\| ([a-z, ]+) \| ([a-z]+): [^|]+\| ([a-z ]+) \| ?([a-z]*) ?\|/gm)].flatMap(
    ([, from, event, to, other]) =>
      from!.split(", ").map((each) => ({
        from: each as State,
        event: event!,
        to: (to!.trim() === "the same" ? each : to!.trim()) as State,
        other: other! === "" ? "kept" : other!,
      })),
  );
}

function rowsOfCore(): Row[] {
  return [
    ...read("core", "transitions.c").matchAll(/\{THIMBLE_(\w+), EVENT_(\w+), THIMBLE_(\w+), OTHER_(\w+)\}/g),
  ].map((match) => {
    const [from, event, to, other] = match.slice(1).map((each) => each.toLowerCase()) as [
      State,
      string,
      State,
      string,
    ];
    return { from, event, to, other };
  });
}

const rows = rowsOfSpec();
const textOf = ({ from, event, to, other }: Row): string => `${from} ${event} ${to} ${other}`;

test("SPEC.md and transitions.c have the same rows, each once", () => {
  assert.ok(rows.length > 15);
  assert.deepEqual(rowsOfCore().map(textOf).sort(), rows.map(textOf).sort());
  assert.equal(new Set(rows.map(({ from, event }) => `${from} ${event}`)).size, rows.length);
});

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[0]!;
const [slotA, slotB] = layout(geometry).options.models[0]!.slots;
const [first, next, third] = [version(1), version(2, { counter: 1 }), version(3)];
const TOO_LARGE = 1e6;

interface Scene {
  readonly flash: NorFlash;
  device: Device;
}

const serviceOf = ({ device }: Scene): Service => device.services[0]!;
const recordOf = (scene: Scene): ModelRecord => serviceOf(scene).record();
const reset = (scene: Scene): number => {
  scene.device = startIn(core!, geometry, scene.flash);
  return scene.device.started[0]!;
};
const offer = (scene: Scene, image: Uint8Array, action: number, size = image.length): number => {
  const hash = new Uint8Array(createHash("sha256").update(image).digest());
  return Math.min(0, serviceOf(scene).begin({ size, hash, action, tag: 1 }));
};

/** A device in a state. The other slot holds a whole image wherever that can be, so that it could be opened. */
function sceneIn(state: State, barred: boolean): Scene {
  const flash = factory(geometry, first);
  flash.bytes.set(next, slotB);
  const scene: Scene = { flash, device: startIn(core!, geometry, flash) };
  const service = serviceOf(scene);
  const steps: readonly (() => number)[] = [
    ...(barred ? [() => offer(scene, third, 1), () => service.cancel()] : []),
    ...(state === "idle"
      ? [() => (offer(scene, next, 2, TOO_LARGE) === STATUS.SLOT ? 0 : 1)]
      : [() => offer(scene, next, 2)]),
    ...(state === "ready" || state === "trial" ? [() => service.write(next), () => service.finish()] : []),
    // So that a reset starts no trial.
    ...(state === "ready" ? [() => service.hold(true)] : []),
    ...(state === "trial" ? [() => service.switch()] : []),
  ];
  for (const [i, step] of steps.entries()) assert.equal(step(), 0, `step ${i} to ${state}`);
  assert.deepEqual([recordOf(scene).state, recordOf(scene).barred], [state, barred]);
  return scene;
}

/** Makes an event happen by what an application does. The status, which is 0 where the event is only not due. */
const events: Readonly<Record<string, (scene: Scene) => number>> = {
  begin: (scene) => offer(scene, third, 3),
  again: (scene) => offer(scene, next, 3),
  progress: (scene) => serviceOf(scene).write(next.subarray(0, 5000)),
  verified(scene) {
    serviceOf(scene).write(next);
    return serviceOf(scene).finish();
  },
  refused(scene) {
    const status = offer(scene, third, 3, TOO_LARGE);
    return status === STATUS.SLOT ? 0 : status;
  },
  hold: (scene) => serviceOf(scene).hold(!recordOf(scene).held),
  cancel: (scene) => serviceOf(scene).cancel(),
  start(scene) {
    if (recordOf(scene).held) serviceOf(scene).hold(false);
    return serviceOf(scene).switch();
  },
  restart: reset,
  confirm: (scene) => serviceOf(scene).confirm(),
  reject: (scene) => serviceOf(scene).reject(STATUS.HEALTH),
  lost(scene) {
    scene.flash.bytes[slotA + 5000]! ^= 1;
    return reset(scene) === STATUS.HASH ? 0 : 1;
  },
  reported: (scene) => serviceOf(scene).reported(),
};
/** Where it is another event that happens: nothing waits that could be offered again; a reset amid a trial. */
const STANDS_FOR: Readonly<Record<string, string>> = { "idle again": "begin", "trial lost": "restart" };
/** Not refused: nobody has asked for it. */
const UNASKED = new Set(["start", "restart", "lost", "reported"]);

describe("what happens, and what does not", { skip }, () => {
  test("is all tried", () => {
    assert.deepEqual([...new Set(rows.map(({ event }) => event))].sort(), Object.keys(events).sort());
  });

  for (const from of STATES) {
    for (const [event, make] of Object.entries(events)) {
      test(`${event} in state ${from}`, () => {
        for (const barred of [false, true]) {
          const scene = sceneIn(from, barred);
          const before = recordOf(scene);
          const status = make(scene);
          const after = recordOf(scene);
          const row = rows.find(
            (each) => each.from === from && each.event === (STANDS_FOR[`${from} ${event}`] ?? event),
          );
          if (row === undefined || (row.event === "lost" && barred)) {
            assert.deepEqual(after, before);
            if (!UNASKED.has(event)) assert.equal(status, STATUS.STATE);
          } else {
            if (event === row.event) assert.equal(status, 0);
            assert.equal(after.state, row.to);
            assert.equal(after.barred, row.other === "kept" ? barred : row.other === "barred");
            assert.notDeepEqual(after, before);
            if (row.to === "trial") assert.equal(after.starts, row.event === "start" ? 2 : before.starts - 1);
          }
          // It is what the journal says too. A reset begins a trial, or goes on with it, which takes a start.
          if (after.state === "ready" && !after.held) continue;
          reset(scene);
          const { starts: _, ...kept } = recordOf(scene);
          const { starts: __, ...expected } = after;
          assert.deepEqual(kept, expected);
        }
      });
    }
  }
});
