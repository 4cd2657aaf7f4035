/** Lives of the sensor example: its flash in a file, the real update server, orders, losses of power. */
import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FLASH_LAYOUTS } from "../../../../host/firmware/boards.ts";
import { runProcess } from "../../../../host/firmware/toolchain.ts";
import { type HttpServer, serveHttp } from "../../../../host/fleet/server/http.ts";
import type { RolloutStatus } from "../../../../host/fleet/server/management.ts";
import { type UpdateServer, updateServer } from "../../../../host/fleet/server/server.ts";
import { composeFlash, flashPieces } from "../../../../host/image/flash.ts";
import { defaultTable } from "../../../../host/image/layout.ts";
import { readNeeds } from "../../../../host/image/module.ts";
import { writeImage } from "../../../../host/image/write_image.ts";
import { build } from "../../../../host/pipeline.ts";
import { modelPath } from "../../../support/models.ts";
import { key } from "../../../support/signed_images.ts";
import { buildDevice } from "./device.ts";

/** Exit statuses of the device: firmware/port/esp-idf/check/README.md. */
export const CUT_STATUS = 40;
export const HUNG_STATUS = 41;
/** Enough for an update: polls come once a minute of the device's clock. */
export const LONG = ["--seconds", "400"] as const;

const LABELS = [
  ["setosa", "versicolor", "virginica"],
  ["one", "two", "three"],
] as const;

export const sign = (module: Uint8Array, version: number): Uint8Array =>
  writeImage({ body: module, key, version: `${version}.0.0`, id: "iris", ...readNeeds(module) });

/** The iris model with the labels of its version. */
async function imageOf(version: 1 | 2): Promise<Uint8Array> {
  const name = "logistic_regression_multinomial";
  const { module } = await build({
    model: modelPath(`${name}.onnx`),
    calibration: modelPath(`${name}.calibration.csv`),
    name: "iris",
    facts: { labels: LABELS[version - 1]! },
    engines: [],
  });
  return sign(module, version);
}

export interface Operator {
  /** Publishes an image and orders it for all devices; the rollout's number. */
  order(image: Uint8Array): number;
  /** The server's address and token for a device, and what its sensor reads. */
  readonly environment: Readonly<Record<string, string>>;
  outcome(rollout: number): { succeeded: number; failed: number; reasons: string };
}

function operatorOf(server: UpdateServer, { url }: HttpServer): Operator {
  const { manage, gateway } = server.firstTokens!;
  const ask = <T>(method: string, path: string, body?: Uint8Array | object): T => {
    const { status, body: answer } = server.handle({
      method,
      url: `${url}/rest/v1${path}`,
      headers: { authorization: `Bearer ${manage}` },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = Buffer.from(answer).toString("utf8");
    assert.ok(status < 300, `${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    environment: { SERVER: `${url}/DEFAULT`, TOKEN: `GatewayToken ${gateway}`, ADC: "0,0" },
    order(image) {
      const { id } = ask<{ id: number }>("POST", "/images", image);
      const plan = { image: id, stages: [{ rest: true }], retries: 0 };
      return ask<{ id: number }>("POST", "/rollouts?start=true", plan).id;
    },
    outcome(rollout) {
      const { stages, refusals } = ask<RolloutStatus>("GET", `/rollouts/${rollout}`);
      const { succeeded, failed } = stages[0]!.counts;
      return { succeeded, failed, reasons: refusals.map(({ reason }) => reason).join("; ") };
    },
  };
}

/** A server of its own, whose clock advances by a minute with every request, as the device's does. */
export async function atServer<T>(work: (operator: Operator) => Promise<T>): Promise<T> {
  let now = Date.UTC(2030, 0, 1);
  const server = updateServer({ keys: [key], poll: 60, now: () => now });
  const handle: UpdateServer["handle"] = (request) => {
    now += 60_000;
    return server.handle(request);
  };
  const http = await serveHttp({ handle, admit: server.admit }, { host: "127.0.0.1", port: 0 });
  try {
    return await work(operatorOf(server, http));
  } finally {
    await http.close();
  }
}

export interface Life {
  readonly status: number | undefined;
  readonly text: string;
}

export interface Lives {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  /** A device as it leaves the factory, with the first version in slot A. */
  freshFlash(): string;
  /** Lives and dies: the lines that it printed, and how it ended. */
  live(flash: string, args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Life>;
}

/** Builds the device and its two models. */
export async function lives(scratch: string): Promise<Lives> {
  const program = await buildDevice();
  const [first, second] = [await imageOf(1), await imageOf(2)];
  const factory = join(scratch, "factory.bin");
  const table = defaultTable(FLASH_LAYOUTS.get("esp32-c3")!, 1);
  const end = Math.max(...table.map(({ offset, size }) => offset + size));
  writeFileSync(factory, composeFlash(flashPieces(table, [{ file: "first", bytes: first }]), end));
  let count = 0;
  return {
    first,
    second,
    freshFlash() {
      const file = join(scratch, `flash-${count++}.bin`);
      copyFileSync(factory, file);
      return file;
    },
    async live(flash, args, environment = { ADC: "0,0" }) {
      const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      const result = await runProcess(["env", "-u", "TOKEN", ...words, program, flash, ...args]);
      assert.equal(result.stderr, "");
      return { status: result.status, text: result.stdout.toString("utf8") };
    },
  };
}

/**
 * An update during which the power fails amid the change of that number, and the life after it, which has to end with
 * the new version confirmed and the server told. The life that was cut off, or was not, since there are fewer changes.
 */
export async function surviveCut(
  { second, live, freshFlash }: Pick<Lives, "second" | "live" | "freshFlash">,
  cut: number,
): Promise<Life> {
  return atServer(async (operator) => {
    const flash = freshFlash();
    await live(flash, ["--seconds", "3"], operator.environment);
    const order = operator.order(second);
    const interrupted = await live(flash, [...LONG, "--cut", `${cut}`], operator.environment);
    const rest = await live(flash, LONG, operator.environment);
    const told = `cut ${cut}: ${interrupted.text}\n--- and then\n${rest.text}`;
    assert.equal(rest.status, 0, told);
    assert.match(rest.text, /version 2\.0\.0: two/, told);
    assert.deepEqual(operator.outcome(order), { succeeded: 1, failed: 0, reasons: "" }, told);
    return interrupted;
  });
}
