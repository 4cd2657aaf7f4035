/** Scenarios as people write them: a JSON file with paths of images and keys beside it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readPublicKey } from "../../image/keys.ts";
import {
  anyOf,
  type Check,
  checkDocument,
  isCount,
  isList,
  isMap,
  isNumber,
  isOneOf,
  isRecord,
  isText,
} from "../../ir/document.ts";
import { ModelError } from "../../ir/graph.ts";
import { ROLLOUT_STATES } from "../server/management.ts";
import { FAULTS } from "./network.ts";
import type { Group, Scenario, ScenarioRollout } from "./scenario.ts";

/** A file's scenario, and what tells it from any other: the contents of all its files. */
export interface ScenarioFile {
  readonly scenario: Scenario;
  readonly digest: string;
}

/** A record without any further fields: a misspelt one would be passed over otherwise. */
const closed =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    const fault = isRecord(fields, optional)(value, path);
    if (fault !== undefined) return fault;
    const names = Object.keys({ ...fields, ...optional });
    const unknown = Object.keys(value as object).find((name) => !names.includes(name));
    return unknown === undefined ? undefined : `${path}: expected ${names.join(", ")}, found ${unknown}`;
  };

const isPositive: Check = (value, path) =>
  isCount(value, path) ??
  (value === 0 ? `${path}: expected a whole number of at least 1, found 0` : undefined);

const isShare: Check = (value, path) =>
  isNumber(value, path) ??
  ((value as number) >= 0 && (value as number) <= 1 ? undefined : `${path}: expected 0 to 1, found ${value}`);

const isNetwork = closed(
  {},
  {
    faults: isList(isOneOf(...FAULTS)),
    rate: isShare,
    latency: isList(isNumber),
    bytesPerSecond: isPositive,
  },
);

const isGroup = closed(
  { count: isPositive, image: isText },
  {
    board: isText,
    geometry: closed({ sectorBytes: isPositive, programBytes: isPositive }),
    slotBytes: isPositive,
    ramBytes: isPositive,
    trialStarts: isPositive,
    confirmAfter: isCount,
    inferEvery: isPositive,
    attributes: isMap(isText),
    network: isNetwork,
    power: closed({}, { rate: isShare, operations: isPositive, offEvery: isPositive }),
  },
);

const isStage = anyOf(
  closed({ percent: isNumber }),
  closed({ count: isPositive }),
  closed({ rest: isOneOf(true) }),
);

const isRollout = closed(
  { image: isText, stages: isList(isStage) },
  {
    name: isText,
    query: isText,
    minVersion: isText,
    success: isNumber,
    errors: isNumber,
    retries: isCount,
    hours: isPositive,
    expect: isOneOf(...ROLLOUT_STATES),
  },
);

const isScenario = closed(
  { keys: isList(isText), devices: isList(isGroup), rollouts: isList(isRollout) },
  { poll: isPositive, expect: isMap(isCount) },
);

/** A scenario as it is in the file: with paths where a Scenario has contents. */
type Written = Omit<Scenario, "keys" | "devices" | "rollouts"> & {
  readonly keys: readonly string[];
  readonly devices: readonly (Omit<Group, "image"> & { readonly image: string })[];
  readonly rollouts: readonly (Omit<ScenarioRollout, "image"> & { readonly image: string })[];
};

function parseWritten(text: string, path: string): Written {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path}: expected JSON: ${(error as Error).message}`);
  }
  checkDocument(value, isScenario, path);
  return value as Written;
}

/** Throws ModelError for what is no scenario, ImageError for a key that is none, and where a file is missing. */
export function readScenario(path: string): ScenarioFile {
  const hash = createHash("sha256");
  const read = (name: string): Uint8Array => {
    const bytes = new Uint8Array(readFileSync(resolve(dirname(path), name)));
    hash.update(`${bytes.length}\0`).update(bytes);
    return bytes;
  };
  const text = readFileSync(path, "utf8");
  hash.update(text);
  const written = parseWritten(text, path);
  const keys = written.keys.map((name) => readPublicKey(Buffer.from(read(name)).toString("utf8"), name));
  const images = new Map<string, Uint8Array>();
  // One array for all devices of one image, however many groups name it.
  const withImage = <T extends { readonly image: string }>(
    each: T,
  ): Omit<T, "image"> & { image: Uint8Array } => {
    const image = images.get(each.image) ?? read(each.image);
    images.set(each.image, image);
    return { ...each, image };
  };
  const scenario: Scenario = {
    ...written,
    keys,
    devices: written.devices.map(withImage),
    rollouts: written.rollouts.map(withImage),
  };
  return { scenario, digest: hash.digest("hex").slice(0, 8) };
}
