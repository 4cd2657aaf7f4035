/** The reader of JSON takes what JSON.parse takes, no deeper than 16 levels, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { factory, GEOMETRIES, version } from "../../support/two_versions.ts";
import { connect } from "./ddi_session.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;

/** Whether a device takes a document for the answer to a poll: it rests for as long as that says, or backs off. */
function reader(): (text: string, piece?: number) => boolean {
  const client = connect(core!, geometry, factory(geometry, version(1)), { attributes: null }).client!;
  let now = 0;
  /** Answers the next poll, and whatever is sent before it; how long the device rests then. */
  const answer = (text: string, piece = Number.POSITIVE_INFINITY): number => {
    for (let next = client.next(now); ; next = client.next(now)) {
      if (typeof next === "number") now += next;
      else if (next.method === "GET") break;
      else client.answer(now, { status: 200, headers: {}, body: [], whole: true });
    }
    const bytes = Buffer.from(text);
    const body: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += piece) body.push(bytes.subarray(at, at + piece));
    client.answer(now, { status: 200, headers: {}, body, whole: true });
    const wait = client.next(now);
    return typeof wait === "number" ? wait : 0;
  };
  answer(poll("0"));
  answer(poll("0"));
  return (text, piece) => {
    const isTaken = answer(text, piece) > 50_000;
    // A good answer undoes the failures before it.
    if (!isTaken) answer(poll("0"));
    return isTaken;
  };
}

/** A document in which any value may stand, and which is an answer to a poll. */
const poll = (value: string): string => `{"x":${value},"config":{"polling":{"sleep":"20:00:00"}}}`;

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const VALUES = [
  "0",
  "-0",
  "12",
  "1.5",
  "-1e5",
  "1E+05",
  "1e-7",
  "0.0e0",
  "true",
  "false",
  "null",
  '""',
  '"a\\n\\u00e9\\"\\\\\\/"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00x"',
  "[]",
  "{}",
  "[ 1 , [ 2 ] , { } ]",
  '{"a" : {"b":[{}]}}',
  '{"":0}',
  '"\u{1f600}"',
  " \t\r\n1",
  // What is none.
  "",
  "-",
  "01",
  "1.",
  ".5",
  "1e",
  "1e+",
  "+1",
  "0x1",
  "tru",
  "nulll",
  "NaN",
  '"',
  '"\\x"',
  '"\\u12g4"',
  '"\n"',
  "[1,]",
  "[,1]",
  "[1 2]",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{1:2}",
  "{a:1}",
  "[}",
  "{]",
  "]",
  "'a'",
  "1,2",
  '{"a":1 "b":2}',
]; // prettier-ignore

const ALPHABET = '{}[]",:\\ue0123456789.-+truefalsn \n';

function mutate(text: string, random: () => number): string {
  let changed = text;
  for (let i = 0; i <= random() % 3; i++) {
    const at = random() % (changed.length + 1);
    const c = ALPHABET[random() % ALPHABET.length]!;
    const kind = random() % 3;
    changed = changed.slice(0, at) + (kind === 0 ? "" : c) + changed.slice(kind === 1 ? at : at + 1);
  }
  return changed;
}

describe("JSON", { skip }, () => {
  test("values of each kind, and what is none", () => {
    const takes = reader();
    for (const value of VALUES)
      for (const piece of [1, 1000])
        assert.equal(takes(poll(value), piece), parses(poll(value)), `${value} in pieces of ${piece}`);
  });

  test("lists and maps go 16 deep", () => {
    const takes = reader();
    for (const [depth, expected] of [
      [15, true],
      [16, false],
    ] as const) {
      assert.equal(takes(poll("[".repeat(depth) + "]".repeat(depth))), expected);
      assert.equal(takes(poll(`${'{"a":'.repeat(depth)}0${"}".repeat(depth)}`)), expected);
    }
  });

  test("documents end where they end", () => {
    const takes = reader();
    const whole = poll("1");
    for (let length = 1; length < whole.length; length++) assert.equal(takes(whole.slice(0, length)), false);
    for (const more of ["x", "{}", "]", ","]) assert.equal(takes(whole + more), false);
    assert.equal(takes(` ${whole}\r\n`), true);
  });

  test("1500 documents with changes at random: as JSON.parse", () => {
    const takes = reader();
    const random = randomOf(7);
    let valid = 0;
    for (let i = 0; i < 1500; i++) {
      const text = poll(mutate(VALUES[random() % VALUES.length]!, random));
      const expected = parses(text);
      valid += expected ? 1 : 0;
      assert.equal(takes(text, 1 + (random() % 9)), expected, text);
    }
    assert.ok(valid > 200 && valid < 1300, `${valid} valid`);
  });
});
