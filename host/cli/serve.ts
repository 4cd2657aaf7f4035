import { homedir } from "node:os";
import { basename, join } from "node:path";
import { serveHttp } from "../fleet/server/http.ts";
import { updateServer } from "../fleet/server/server.ts";
import { readPublicKey } from "../image/keys.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  data: { type: "string" },
  port: { type: "string" },
  host: { type: "string" },
  trust: { type: "string", multiple: true },
  poll: { type: "string" },
  "public-url": { type: "string" },
  "renew-tokens": { type: "boolean" },
  json: { type: "boolean" },
} as const;

const DEFAULT_PORT = 8080;
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_DATA = join(homedir(), ".thimble", "server");

function portOf(text: string | undefined): number {
  const port = text === undefined ? DEFAULT_PORT : wholeNumber("--port", text, 0);
  if (port > 65535) throw new UsageError(`--port: expected at most 65535, found ${port}`);
  return port;
}

function publicUrl(text: string | undefined): { publicUrl?: string } {
  if (text === undefined) return {};
  if (!/^https?:\/\/[^/?#\s]+$/.test(text))
    throw new UsageError(`--public-url: expected https://HOST without a path, found "${text}"`);
  return { publicUrl: text };
}

/** Resolves when the process is asked to end. */
const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });

export const serveCommand: Command = {
  name: "serve",
  summary: "run an update server for a fleet",
  usage: `thimble serve --trust PUB.pem [--trust PUB.pem ...] [--data DIR] [--port N=${DEFAULT_PORT}] [--host ADDR=${DEFAULT_HOST}]
              [--poll SECONDS=300] [--public-url URL] [--renew-tokens] [--json]

Devices ask it as they ask a hawkBit: URL/DEFAULT/controller/v1/NAME (firmware/SPEC.md, section 7). Operators use
thimble publish and thimble rollout, the page at URL/, or the API that URL/openapi.json describes.
  --trust       only images signed with one of these keys are taken (public or private PEM)
  --data        the state: one database and the images; default ~/.thimble/server
  --host        0.0.0.0 for all addresses of this machine; put a proxy with TLS in front
  --poll        how often devices ask
  --public-url  what devices' links begin with, where a proxy is in front
  --renew-tokens  makes the two tokens anew, for whoever has lost them

The first start prints two tokens, once: one for operators, one for devices that register themselves.`,

  async run(args) {
    const { values } = parse(args, OPTIONS, []);
    if (values.trust === undefined) throw new UsageError("expected --trust PUB.pem, found none");
    const keys = values.trust.map((file) => readPublicKey(readPem(file), `--trust ${file}`));
    const poll = values.poll === undefined ? 300 : wholeNumber("--poll", values.poll, 1);
    const address = { host: values.host ?? DEFAULT_HOST, port: portOf(values.port) };
    const folder = values.data ?? DEFAULT_DATA;
    const renewTokens = values["renew-tokens"] ?? false;
    const server = updateServer({ folder, keys, poll, renewTokens, ...publicUrl(values["public-url"]) });
    try {
      const { url, close } = await serveHttp(server.handle, address);
      const { manage, gateway } = server.firstTokens ?? {};
      if (values.json) console.log(JSON.stringify({ url, data: folder, manage, gateway }));
      else {
        console.log(`serving ${basename(folder)} at ${url}`);
        if (manage !== undefined) console.log(`token of operators: ${manage}\ntoken of devices: ${gateway}`);
      }
      await untilAsked();
      await close();
    } finally {
      server.close();
    }
    return 0;
  },
};
