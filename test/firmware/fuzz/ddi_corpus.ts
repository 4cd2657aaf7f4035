/**
 * Seeds of the fuzzers of the update client and the journal: documents as a server sends them, whole
 * conversations, and journals as devices leave them. Run as a program, it writes them to test/fuzz/corpus.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWasm } from "../../../host/firmware/wasm_build.ts";
import type { Answer } from "../../../host/fleet/simulator/ddi.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, start, untilPowerLoss, update, version } from "../../support/two_versions.ts";
import { corpusFolder } from "./fuzzer.ts";

const JOURNAL_BYTES = 2 * 4096;
const [DOCUMENT, CONVERSATION] = [0, 1];
/** Places of the statuses in firmware/fuzz/ddi_fuzz.c. */
const STATUS_PLACES = new Map([
  [200, 0],
  [206, 3],
  [404, 4],
]);

const bodyOf = ({ body }: Answer): Buffer => Buffer.concat([...body]);

const get = (path: string) => ({ method: "GET", url: `${BASE}${path}`, headers: {} });

/** The server's documents, and a few that are hard to read. */
function documents(): Map<string, Buffer> {
  const server = scriptedServer();
  server.deployment = { id: 7, image: version(2, { padding: 300 }) };
  server.cancel = 7;
  return new Map([
    ["poll", bodyOf(server.answer(get("")))],
    ["deployment", bodyOf(server.answer(get("/deploymentBase/7")))],
    ["cancel", bodyOf(server.answer(get("/cancelAction/1007")))],
    ["escapes", Buffer.from('{"id":"\\u00e9\\ud83d\\ude00\\n\\"","_links":[1e5,-0.25,true,null,{}]}')],
    ["deep", Buffer.from(`${"[".repeat(16)}0${"]".repeat(16)}`)],
  ]);
}

function answerBytes(answer: Answer): Buffer {
  const body = bodyOf(answer);
  return Buffer.concat([
    Buffer.from([STATUS_PLACES.get(answer.status) ?? 0, body.length & 0xff, body.length >> 8]),
    body,
  ]);
}

/** What a device hears from the first poll to the end of a small download. */
function conversation(): Buffer {
  const server = scriptedServer();
  const { answer } = server;
  const first = [
    answer(get("")),
    answer({ ...get("/configData"), method: "PUT", body: '{"data":{"a":"b"}}' }),
  ];
  server.deployment = { id: 7, image: version(2, { padding: 300 }) };
  const poll = answer(get(""));
  const deployment = answer(get("/deploymentBase/7"));
  const image = answer(get("/softwaremodules/1/artifacts/model.img"));
  const accepted = { ...poll, body: [] };
  return Buffer.concat(
    [...first, poll, deployment, accepted, poll, deployment, image, accepted].map(answerBytes),
  );
}

/** The journals of a device after an update, amid its download, and with a sector that has just been changed. */
async function journals(): Promise<Map<string, Buffer>> {
  const core = new WebAssembly.Module(await buildWasm());
  const geometry = GEOMETRIES[1]!;
  const read = (operations: number | undefined): Buffer => {
    const flash = factory(geometry, version(1));
    const cut = operations === undefined ? undefined : ({ operation: operations, when: "amid" } as const);
    untilPowerLoss(flash, cut, () => update(start(core, geometry, flash), version(2)));
    return Buffer.from(flash.bytes.subarray(0, JOURNAL_BYTES));
  };
  return new Map([
    ["whole", read(undefined)],
    ["download", read(12)],
    ["torn", read(7)],
  ]);
}

export async function otaCorpus(): Promise<Map<"ddi" | "journal", Map<string, Buffer>>> {
  const texts = [...documents()].map(
    ([name, text]) => [name, Buffer.concat([Buffer.from([DOCUMENT]), text])] as const,
  );
  const talk = Buffer.concat([Buffer.from([CONVERSATION]), conversation()]);
  return new Map([
    ["ddi", new Map([...texts, ["conversation", talk]])],
    ["journal", await journals()],
  ]);
}

if (process.argv[1]?.endsWith("corpus.js")) {
  for (const [target, files] of await otaCorpus()) {
    rmSync(corpusFolder(target), { recursive: true, force: true });
    mkdirSync(corpusFolder(target), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(corpusFolder(target), name), bytes);
  }
}
