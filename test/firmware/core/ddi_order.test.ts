/** What an order is, and what becomes of each: obeyed, or answered with a failure that says why. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import {
  BASE,
  type DeploymentDocument,
  type ScriptedServer,
  scriptedServer,
} from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, infer, layout, version } from "../../support/two_versions.ts";
import { connect, live } from "./ddi_session.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;
const [first, next, other] = [version(1), version(2), version(3)];

function scene() {
  const flash = factory(geometry, first);
  const clock = { now: 0 };
  let device = connect(core!, geometry, flash);
  return {
    flash,
    clock,
    device: () => device,
    restart(url?: string) {
      device.end();
      device = connect(core!, geometry, flash, url === undefined ? {} : { url });
    },
    run(server: ScriptedServer, seconds: number, answer: (request: Request) => Answer = server.answer) {
      live(device, clock, clock.now + seconds, answer);
    },
  };
}

const downloads = ({ requests }: ScriptedServer): number =>
  requests.filter((line) => line.includes("/artifacts/")).length;
const final = ({ feedback }: ScriptedServer) => feedback.filter(({ execution }) => execution === "closed");
const said = ({ feedback }: ScriptedServer) => feedback.map(({ execution }) => execution);

describe("an order is server, action and image", { skip }, () => {
  test("the same action for another image is another order", () => {
    const { device, run } = scene();
    const before = scriptedServer();
    before.deployment = { id: 7, image: next };
    run(before, 600);
    assert.equal(infer(device()), 2);
    // A server restored from a backup, or a new one that counts from 1.
    const after = scriptedServer();
    after.deployment = { id: 7, image: other };
    run(after, 600);
    assert.equal(infer(device()), 3);
    assert.equal(downloads(after), 1);
    assert.equal(final(after)[0]!.finished, "success");
  });

  test("one that was refused says nothing of another image by the same action", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: version(2, { traps: true }) };
    run(server, 600);
    server.deployment = { id: 7, image: next };
    run(server, 600);
    assert.deepEqual(
      final(server).map(({ finished }) => finished),
      ["failure", "success"],
    );
    assert.equal(infer(device()), 2);
  });

  test("what was refused for one server is tried for another, by whatever action", () => {
    const { device, run, restart } = scene();
    const server = scriptedServer();
    const image = version(2, { traps: true });
    server.deployment = { id: 7, image };
    run(server, 600);
    restart(BASE.replace("updates.example", "another.example"));
    server.deployment = { id: 7, image };
    run(server, 600);
    assert.equal(downloads(server), 2);
    assert.equal(infer(device()), 1);
  });

  test("an image that came by a cable is not dropped because no server ordered it", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    const service = device().services[0]!;
    assert.equal(service.begin({ size: next.length, action: 0, tag: 1 }), 0);
    assert.equal(service.write(next.subarray(0, 5000)), 0);
    run(server, 300);
    assert.equal(service.record().state, "download");
    assert.equal(service.write(next.subarray(5000)), 0);
    assert.equal(service.finish(), 0);
    run(server, 300);
    assert.equal(infer(device()), 2);
  });

  test("an outcome is told again, also after a reset, and nothing is downloaded for it", () => {
    const { run, restart } = scene();
    const server = scriptedServer();
    for (const image of [next, version(4, { traps: true })]) {
      server.deployment = { id: 7, image };
      run(server, 600);
      restart();
      const [before, answers] = [downloads(server), final(server).length];
      server.deployment = { id: 7, image };
      run(server, 600);
      assert.equal(downloads(server), before);
      assert.equal(final(server).length, answers + 1);
      assert.equal(final(server)[answers]!.finished, final(server)[answers - 1]!.finished);
    }
  });

  test("an image that is not in service any more is no success", () => {
    const { device, flash, run, restart } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next };
    run(server, 600);
    // A cable wrote another image to the slot in service.
    flash.bytes.set(version(2, { padding: 8000 }), layout(geometry).options.models[0]!.slots[1]);
    restart();
    server.deployment = { id: 7, image: next };
    run(server, 600);
    assert.equal(downloads(server), 2);
    assert.equal(final(server)[1]!.finished, "success");
    assert.equal(device().services[0]!.isInService(), true);
  });

  test("an image that flash has lost is a failure, which says why", () => {
    const { device, flash, run, restart } = scene();
    const server = scriptedServer();
    // The one before may run again: its security counter is no lower.
    const image = version(2, { counter: 1 });
    server.deployment = { id: 7, image };
    run(server, 600);
    flash.bytes[layout(geometry).options.models[0]!.slots[1] + 2000]! ^= 1;
    restart();
    assert.equal(infer(device()), 1);
    server.deployment = { id: 7, image };
    run(server, 600);
    assert.equal(final(server)[1]!.finished, "failure");
    assert.match(final(server)[1]!.details[0]!, /SHA-256/);
    assert.equal(server.attributes["version.adder"], "1.0.0");
    server.deployment = { id: 8, image };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });

  test("one that was taken back and comes again is obeyed", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next };
    run(server, 100, (request) => {
      const answer = server.answer(request);
      return request.url.includes("/artifacts/") ? { ...answer, body: [], whole: false } : answer;
    });
    server.deployment = undefined;
    run(server, 600);
    assert.equal(device().services[0]!.record().state, "idle");
    server.deployment = { id: 7, image: next };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });
});

/** Runs one order whose document is rewritten. */
function obey(rewrite: (document: DeploymentDocument) => unknown, id: number | string = 7, seconds = 1500) {
  const { device, run } = scene();
  const server = scriptedServer();
  server.deployment = { id, image: next, rewrite };
  run(server, seconds);
  return { server, runs: infer(device()), final: final(server)[0] };
}

const changed =
  (change: (document: DeploymentDocument) => void) =>
  (document: DeploymentDocument): unknown => {
    change(document);
    return document;
  };

describe("documents that are obeyed", { skip }, () => {
  const file = `${BASE}/softwaremodules/1/artifacts/model.img`;
  const { pathname } = new URL(file);
  const link = (href: string, name = "download") =>
    changed(({ deployment }) => {
      deployment.chunks[0]!.artifacts[0]!._links = { [name]: { href } };
    });
  const cases: readonly (readonly [string, (document: DeploymentDocument) => unknown, (number | string)?])[] =
    [
      ["an id of 2^63 - 1", changed(() => {}), "9223372036854775807"],
      ["an id that is a number", changed((document) => Object.assign(document, { id: 7 }))],
      ["no id but that of the link", changed((document) => Object.assign(document, { id: null }))],
      ["an id behind the chunks", ({ deployment }) => ({ deployment, id: "another" })],
      [
        "64 KiB of metadata and unknown members",
        (document) => ({
          history: { messages: Array(2000).fill('\u{1f600} "\\ \u2028 is long') },
          ...document,
        }),
      ],
      ["white space", (document) => JSON.stringify(document, undefined, "\t\t\t\t")],
      [
        "a size in quotes",
        changed(({ deployment }) => {
          deployment.chunks[0]!.artifacts[0]!.size = String(next.length);
        }),
      ],
      [
        "a SHA-256 in capitals",
        changed(({ deployment }) => {
          const [artifact] = deployment.chunks[0]!.artifacts;
          artifact!.hashes.sha256 = String(artifact!.hashes.sha256).toUpperCase();
        }),
      ],
      ["a path as the link", link(pathname)],
      ["a link without scheme", link(file.replace(/^https:/, ""))],
      ["a relative link", link("../softwaremodules/./1/artifacts/x/../model.img")],
      ["download-http alone", link(file.replace(/^https:/, "https:"), "download-http")],
      ["a long link", link(`${file}?${"x".repeat(600)}`)],
      [
        "no modes",
        changed(({ deployment }) => {
          Object.assign(deployment, { download: null, update: undefined });
        }),
      ],
      [
        "attempt",
        changed(({ deployment }) => {
          Object.assign(deployment, {
            download: "attempt",
            update: "attempt",
            maintenanceWindow: "available",
          });
        }),
      ],
      [
        "escapes in names",
        (document) =>
          JSON.stringify(document)
            .replace('"deployment"', '"\\u0064eployment"')
            .replace('"adder"', '"\\u0061dder"'),
      ],
    ];
  for (const [name, rewrite, id] of cases) {
    test(name, () => {
      const { server, runs, final } = obey(rewrite, id);
      assert.equal(runs, 2, JSON.stringify(server.feedback.at(-1)));
      assert.equal(final?.finished, "success");
      assert.equal(final?.id, name.endsWith("behind the chunks") ? "another" : String(id ?? 7));
    });
  }

  test("relative links of a poll", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next };
    server.links["deploymentBase"] = { href: `${new URL(BASE).pathname}/./deploymentBase/7#now` };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });
});

describe("documents that can't be obeyed are answered with what is wrong", { skip }, () => {
  const artifact = (
    change: (artifact: DeploymentDocument["deployment"]["chunks"][0]["artifacts"][0]) => void,
  ) => changed(({ deployment }) => change(deployment.chunks[0]!.artifacts[0]!));
  const cases: readonly (readonly [string, (document: DeploymentDocument) => unknown, RegExp])[] = [
    ["no chunks", changed(({ deployment }) => deployment.chunks.splice(0)), /expected a chunk.*found none/],
    ["no deployment", ({ id }) => ({ id }), /expected a chunk.*found none/],
    [
      "two chunks for one model",
      changed(({ deployment }) => deployment.chunks.push(deployment.chunks[0]!)),
      /chunk 2: expected one chunk for each model/,
    ],
    [
      "a second artifact",
      changed(({ deployment }) => deployment.chunks[0]!.artifacts.push(deployment.chunks[0]!.artifacts[0]!)),
      /chunk 1: expected one artifact, found more/,
    ],
    [
      "no artifact",
      changed(({ deployment }) => deployment.chunks[0]!.artifacts.pop()),
      /expected one artifact, found none/,
    ],
    [
      "no SHA-256",
      artifact(({ hashes }) => Reflect.deleteProperty(hashes, "sha256")),
      /expected a SHA-256.*found none/,
    ],
    ["a SHA-256 of null", artifact(({ hashes }) => Object.assign(hashes, { sha256: null })), /found null/],
    ["a short SHA-256", artifact(({ hashes }) => Object.assign(hashes, { sha256: 'ab"c' })), /found ab\?c/],
    [
      "no size",
      artifact((each) => Reflect.deleteProperty(each, "size")),
      /expected the image's size.*found none/,
    ],
    ["a size of 2^32", artifact((each) => Object.assign(each, { size: 2 ** 32 })), /found 4294967296/],
    ["a negative size", artifact((each) => Object.assign(each, { size: -1 })), /found -1/],
    ["a size of 0", artifact((each) => Object.assign(each, { size: 0 })), /larger than its slot, or empty/],
    ["no address", artifact((each) => Object.assign(each, { _links: {} })), /expected an address/],
    [
      "an address of FTP",
      artifact((each) => Object.assign(each, { _links: { download: { href: "ftp://a/b" } } })),
      /expected an address/,
    ],
    [
      "an address with a line end",
      artifact((each) => Object.assign(each, { _links: { download: { href: "https://a/b\r\nx: y" } } })),
      /expected an address/,
    ],
    [
      "an address of 1000 characters",
      artifact((each) =>
        Object.assign(each, { _links: { download: { href: `https://a/${"x".repeat(1000)}` } } }),
      ),
      /expected an address/,
    ],
    [
      "an unknown mode of update",
      changed(({ deployment }) => Object.assign(deployment, { update: "perhaps" })),
      /expected update skip, attempt or forced, found perhaps/,
    ],
    [
      "an unknown mode of download",
      changed(({ deployment }) => Object.assign(deployment, { download: 1 })),
      /expected download .*found 1/,
    ],
    [
      "an unknown window",
      changed(({ deployment }) => Object.assign(deployment, { maintenanceWindow: "soon" })),
      /maintenanceWindow .*found soon/,
    ],
    ["HTML", () => "<html>log in</html>", /expected a document of JSON/],
    [
      "JSON that ends early",
      (document) => JSON.stringify(document).slice(0, -3),
      /expected a document of JSON/,
    ],
    ["JSON and more", (document) => `${JSON.stringify(document)}x`, /expected a document of JSON/],
    [
      "17 levels",
      (document) => ({ ...document, deep: JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`) }),
      /at most 16 levels/,
    ],
  ];
  for (const [name, rewrite, reason] of cases) {
    test(name, () => {
      const { runs, final, server } = obey(rewrite);
      assert.equal(runs, 1);
      assert.equal(downloads(server), 0);
      assert.equal(final?.finished, "failure");
      assert.match(final?.details[0] ?? "", reason);
    });
  }

  test("a chunk for a model that the device has not", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    const named = connect(core!, geometry, factory(geometry, first), { models: ["adder"] });
    server.deployment = { id: 7, image: next, claims: { name: "mod\u00e8le" } };
    live(named, { now: 0 }, 600, server.answer);
    assert.match(final(server)[0]!.details[0]!, /chunk 1: expected the name of a model.*found mod\?\?le/);
    // A device of one model takes any name.
    server.deployment = { id: 8, image: next, claims: { name: "mod\u00e8le" } };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });

  test("a link to the order that is too long, or none of HTTP", () => {
    for (const href of [`${BASE}/deploymentBase/7?c=${"1".repeat(2000)}`, "coap://x/deploymentBase/7"]) {
      const { run } = scene();
      const server = scriptedServer();
      server.deployment = { id: 7, image: next };
      server.links["deploymentBase"] = { href };
      run(server, 600);
      assert.match(final(server)[0]!.details[0]!, /expected an address/);
    }
  });

  for (const [status, headers] of [
    [302, { location: "https://elsewhere.example/" }],
    [403, {}],
    [206, {}],
  ] as const) {
    test(`an image that is ever answered with ${status}`, () => {
      const { device, run } = scene();
      const server = scriptedServer();
      server.deployment = { id: 7, image: next };
      run(server, 2 * 3600, (request) => {
        const answer = server.answer(request);
        return request.url.includes("/artifacts/") ? { ...answer, status, headers } : answer;
      });
      assert.equal(infer(device()), 1);
      assert.match(
        final(server)[0]!.details[0]!,
        new RegExp(`expected the image, found HTTP status ${status}`),
      );
    });
  }

  test("an image that is shorter than the order says", () => {
    const { final } = obey(
      artifact((each) => Object.assign(each, { size: next.length + 1 })),
      7,
      2 * 3600,
    );
    assert.match(final!.details[0]!, /expected an image of the order's size, found a shorter one/);
  });

  test("an image that does not come for now: said, and tried again", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next };
    run(server, 3 * 3600, (request) => {
      const answer = server.answer(request);
      return request.url.includes("/artifacts/") ? { ...answer, status: 503, body: [] } : answer;
    });
    assert.deepEqual(said(server), ["download", "proceeding"]);
    assert.match(server.feedback[1]!.details[0]!, /expected the image, found HTTP status 503/);
    run(server, 2 * 3600);
    assert.equal(infer(device()), 2);
  });

  test("a cancellation that can't be read", () => {
    const { run } = scene();
    const server = scriptedServer();
    server.cancel = 7;
    run(server, 3600, (request) => {
      const answer = server.answer(request);
      return request.method === "GET" && request.url.includes("/cancelAction/")
        ? { ...answer, body: [Buffer.from("{}")] }
        : answer;
    });
    const { kind, execution, details } = server.feedback[0]!;
    assert.deepEqual([kind, execution], ["cancelAction", "rejected"]);
    assert.match(details[0]!, /expected a document/);
  });
});

describe("download now, install later", { skip }, () => {
  const modes = (deployment: Partial<DeploymentDocument["deployment"]>) =>
    changed((document) => Object.assign(document.deployment, deployment));

  test("update skip: downloads, says so, and installs nothing, over a reset too", () => {
    const { device, run, restart } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next, rewrite: modes({ update: "skip" }) };
    run(server, 600);
    restart();
    run(server, 1200);
    assert.equal(infer(device()), 1);
    assert.equal(downloads(server), 1);
    // Once for each start of the device: the server may not have heard it.
    assert.deepEqual(said(server), ["download", "downloaded", "downloaded"]);
    server.deployment = { id: 7, image: next };
    run(server, 600);
    assert.equal(infer(device()), 2);
    assert.equal(downloads(server), 1);
    assert.equal(final(server)[0]!.finished, "success");
  });

  test("an order to download that is over leaves its image, which nobody installs", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next, rewrite: modes({ update: "skip" }) };
    run(server, 600);
    server.deployment = undefined;
    run(server, 600);
    const { state, held } = device().services[0]!.record();
    assert.deepEqual([state, held, infer(device())], ["ready", true, 1]);
    // Another order for another image.
    server.deployment = { id: 8, image: other };
    run(server, 600);
    assert.equal(infer(device()), 3);
  });

  test("the image that waits is installed by another order for it, without a download", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next, rewrite: modes({ update: "skip" }) };
    run(server, 600);
    server.deployment = { id: 8, image: next };
    run(server, 600);
    assert.equal(infer(device()), 2);
    assert.equal(downloads(server), 1);
    assert.deepEqual(
      final(server).map(({ id, finished }) => [id, finished]),
      [["8", "success"]],
    );
  });

  test("a maintenance window: the update begins when it opens", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    const closed = modes({ update: "skip", maintenanceWindow: "unavailable" });
    server.deployment = { id: 7, image: next, rewrite: closed };
    run(server, 900);
    assert.equal(infer(device()), 1);
    server.deployment = { id: 7, image: next, rewrite: modes({ maintenanceWindow: "available" }) };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });

  test("a window that is unavailable forbids what update allows", () => {
    const { runs, server } = obey(modes({ update: "forced", maintenanceWindow: "unavailable" }));
    assert.equal(runs, 1);
    assert.deepEqual(said(server), ["download", "downloaded"]);
  });

  test("download skip: waits, says so once, and downloads when it may", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next, rewrite: modes({ download: "skip" }) };
    run(server, 1200);
    assert.equal(downloads(server), 0);
    assert.deepEqual(said(server), ["scheduled"]);
    server.deployment = { id: 7, image: next };
    run(server, 600);
    assert.equal(infer(device()), 2);
  });

  test("what is held can be taken back", () => {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next, rewrite: modes({ update: "skip" }) };
    run(server, 600);
    server.cancel = 7;
    run(server, 600);
    assert.equal(device().services[0]!.record().state, "idle");
    assert.equal(final(server)[0]!.finished, "success");
  });
});

describe("downloads in pieces", { skip }, () => {
  const isDownload = ({ url }: Request): boolean => url.includes("/artifacts/");
  const start = ({ headers }: Request): string => headers["range"] ?? "whole";
  const cut = (answer: Answer, pieces: number): Answer => ({
    ...answer,
    body: [...answer.body].slice(0, pieces),
    whole: false,
  });

  function pieces(spoil: (answer: Answer, i: number, request: Request) => Answer, seconds = 1800) {
    const { device, run } = scene();
    const server = scriptedServer();
    server.deployment = { id: 7, image: next };
    const starts: string[] = [];
    run(server, seconds, (request) => {
      const answer = server.answer(request);
      if (!isDownload(request)) return answer;
      starts.push(start(request));
      return spoil(answer, starts.length, request);
    });
    return { starts, runs: infer(device()), finished: final(server)[0]?.finished };
  }

  const without = (answer: Answer): Answer => ({ ...answer, headers: {} });
  const wrong: readonly (readonly [string, (answer: Answer) => Answer])[] = [
    ["without Content-Range", without],
    ["of another unit", (answer) => ({ ...answer, headers: { "content-range": "items 5840-9000/9001" } })],
    ["that begins before", (answer) => ({ ...answer, headers: { "content-range": "bytes 0-9/10" } })],
    ["that begins behind", (answer) => ({ ...answer, headers: { "content-range": "bytes 9000-9009/9010" } })],
    ["that can't be had", (answer) => ({ ...answer, status: 416, body: [] })],
  ];
  for (const [name, spoil] of wrong) {
    test(`a range ${name}: asks for all of it, and skips what is there`, () => {
      const { starts, runs } = pieces((answer, i) =>
        i === 1 ? cut(answer, 4) : i === 2 ? spoil(answer) : answer,
      );
      assert.deepEqual(starts, ["whole", `bytes=${4 * 1460}-`, "whole"]);
      assert.equal(runs, 2);
    });
  }

  test("a range that was wrong once is asked for again where the whole never comes", () => {
    const { starts, runs } = pieces((answer, i) => (i === 2 ? without(answer) : cut(answer, 2)), 2 * 3600);
    assert.deepEqual(starts.slice(0, 4), ["whole", "bytes=2920-", "whole", "bytes=2920-"]);
    assert.equal(runs, 2);
  });

  test("pieces of two files: begins anew once the whole is wrong", () => {
    const damaged = next.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
    const { starts, runs, finished } = pieces((answer, i) =>
      i === 1 ? cut({ ...answer, body: [damaged.subarray(0, 1460)] }, 1) : answer,
    );
    assert.deepEqual(starts, ["whole", "bytes=1460-", "whole"]);
    assert.deepEqual([runs, finished], [2, "success"]);
  });

  test("and gives up where it is wrong again and again", () => {
    const damaged = next.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
    const { starts, runs, finished } = pieces((answer, _, request) =>
      start(request) === "whole" ? cut({ ...answer, body: [damaged.subarray(0, 1460)] }, 1) : answer,
    );
    assert.equal(starts.length, 6);
    assert.deepEqual([runs, finished], [1, "failure"]);
  });
});
