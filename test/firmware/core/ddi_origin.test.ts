/** The device's token goes to the server that it was given for, whatever addresses that server's documents name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Request } from "../../../host/fleet/simulator/ddi.ts";
import { BASE, type ScriptedServer, scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, infer, version } from "../../support/two_versions.ts";
import { connect, live } from "./ddi_session.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;
const OWN = "https://updates.example";
const file = `${BASE}/softwaremodules/1/artifacts/model.img`;

/** Runs a device; every request that it made, of which the server answers those of any host. */
function run(server: ScriptedServer, url = BASE, seconds = 900) {
  const device = connect(core!, geometry, factory(geometry, version(1)), { url });
  const requests: Request[] = [];
  live(device, { now: 0 }, seconds, (request) => {
    requests.push(request);
    return server.answer({ ...request, url: request.url.replace(/^[a-z]+:\/\/[^/]*/i, OWN) });
  });
  return { requests, runs: infer(device) };
}

/** A server whose order names its image at these addresses. */
function ordering(links: Readonly<Record<string, string>>): ScriptedServer {
  const server = scriptedServer();
  const _links = Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }]));
  server.deployment = {
    id: 7,
    image: version(2),
    rewrite(document) {
      document.deployment.chunks[0]!.artifacts[0]!._links = _links;
      return document;
    },
  };
  return server;
}

const downloads = (requests: readonly Request[]): Request[] =>
  requests.filter(({ url }) => url.includes("/artifacts/"));
const at = (origin: string): string => file.replace(OWN, origin);

describe("the token of a device", { skip }, () => {
  const others = [
    "https://cdn.example",
    "http://updates.example",
    "https://updates.example:8443",
    "https://updates.example.evil.example",
    "https://updates.example@evil.example",
    "https://updates.example%00.evil.example",
    "https://updates.example\\.evil.example",
    "https://update.example",
    "//cdn.example",
  ];
  for (const origin of others) {
    test(`is not sent to ${origin}`, () => {
      const { requests, runs } = run(ordering({ download: at(origin) }));
      assert.equal(runs, 2);
      for (const { headers } of downloads(requests)) assert.equal(headers["authorization"], undefined);
      for (const request of requests.filter(({ url }) => url.startsWith(`${BASE}`)))
        if (!request.url.includes("/artifacts/"))
          assert.equal(request.headers["authorization"], "TargetToken secret", request.url);
    });
  }

  for (const origin of [
    OWN,
    "https://Updates.EXAMPLE",
    "https://updates.example:443",
    "//updates.example",
    "",
  ]) {
    test(`is sent to ${origin || "a path"}, the server itself`, () => {
      const { requests, runs } = run(ordering({ download: at(origin) }));
      assert.equal(runs, 2);
      assert.ok(downloads(requests).length > 0);
      for (const { headers } of downloads(requests))
        assert.equal(headers["authorization"], "TargetToken secret");
    });
  }

  test("is sent to a server that is named with the port that its scheme has anyway", () => {
    const { requests, runs } = run(ordering({ download: file }), BASE.replace(OWN, `${OWN}:443`));
    assert.equal(runs, 2);
    for (const { headers } of downloads(requests))
      assert.equal(headers["authorization"], "TargetToken secret");
  });

  for (const link of ["deploymentBase", "cancelAction"]) {
    test(`is not sent where a poll's ${link} leads elsewhere`, () => {
      const server = scriptedServer();
      server.deployment = { id: 7, image: version(2) };
      if (link === "cancelAction") server.cancel = 7;
      server.links[link] = { href: `${at("https://evil.example").split("/softwaremodules")[0]}/${link}/7` };
      const { requests } = run(server, BASE, 300);
      const away = requests.filter(({ url }) => url.startsWith("https://evil.example/"));
      assert.ok(away.length > 0);
      for (const { headers } of away) assert.equal(headers["authorization"], undefined);
    });
  }
});

describe("of several addresses of an image", { skip }, () => {
  const PLAIN = BASE.replace("https://", "http://");
  const cases = [
    [
      "the server's own",
      { download: at("https://cdn.example"), "download-http": at("http://updates.example") },
      PLAIN,
    ],
    [
      "that over TLS",
      { "download-http": at("http://cdn.example"), download: at("https://cdn.example") },
      BASE,
    ],
    ["the one that can be followed", { "download-http": file, download: `${file}?${"x".repeat(800)}` }, BASE],
    ["the one of HTTP", { "download-http": file, download: `ftp${file.slice(5)}` }, BASE],
  ] as const;
  const chosen = ["http://updates.example", "https://cdn.example", OWN, OWN];
  for (const [i, [name, links, url]] of cases.entries()) {
    for (const order of ["as they are", "the other way round"]) {
      test(`${name} is taken, ${order}`, () => {
        const entries = Object.entries(links);
        const { requests, runs } = run(
          ordering(Object.fromEntries(order === "as they are" ? entries : entries.reverse())),
          url,
        );
        assert.equal(runs, 2);
        assert.ok(downloads(requests).every((request) => request.url.startsWith(`${chosen[i]}/`)));
      });
    }
  }
});
