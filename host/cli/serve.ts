import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { type Receiver, readAlertRules } from "../fleet/server/alert_rules.ts";
import { withoutSecrets } from "../fleet/server/ask.ts";
import { type HttpServer, serveHttp } from "../fleet/server/http.ts";
import { sendMail } from "../fleet/server/mail.ts";
import { Refused, respondRefusal } from "../fleet/server/message.ts";
import { mqttBridge } from "../fleet/server/mqtt.ts";
import type { MqttClient } from "../fleet/server/mqtt_client.ts";
import { endCommands, runCommand } from "../fleet/server/run_command.ts";
import {
  MAX_POLL,
  type UpdateServer,
  type UpdateServerOptions,
  updateServer,
} from "../fleet/server/server.ts";
import { readPublicKey } from "../image/keys.ts";
import { listenError, untilAsked } from "./listening.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  data: { type: "string" },
  port: { type: "string" },
  host: { type: "string" },
  trust: { type: "string", multiple: true },
  poll: { type: "string" },
  alerts: { type: "string" },
  mqtt: { type: "string" },
  "public-url": { type: "string" },
  "renew-tokens": { type: "boolean" },
  init: { type: "boolean" },
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
  if (!/^https?:\/\/[^/?#@\s]+$/.test(text))
    throw new UsageError(
      `--public-url: expected https://HOST without a path, found "${withoutSecrets(text)}"`,
    );
  return { publicUrl: text };
}

function pollOf(text: string | undefined): number {
  const poll = text === undefined ? 300 : wholeNumber("--poll", text, 1);
  if (poll > MAX_POLL) throw new UsageError(`--poll: expected at most ${MAX_POLL} seconds, found ${poll}`);
  return poll;
}

const ALERT_MS = 10_000;
const POST_TIMEOUT_MS = 10_000;

/** The status of an answer; 0 for none. */
async function tellReceiver(receiver: Receiver, body: string, id: string): Promise<number> {
  if (receiver.type === "email") return sendMail(receiver, body, id);
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(receiver.url, {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Does some work every few seconds, one round at a time. */
function every(name: string, work: () => Promise<unknown>): { end(): Promise<void> } {
  let round = Promise.resolve();
  let isBusy = false;
  const start = (): void => {
    if (isBusy) return;
    isBusy = true;
    // A full disk, say: what could not be noted is found again in the next round.
    round = work()
      .catch((error: Error) => void process.stderr.write(`thimble serve: ${name}: ${error.message}\n`))
      .then(() => {
        isBusy = false;
      });
  };
  const timer = setInterval(start, ALERT_MS);
  return {
    end() {
      clearInterval(timer);
      return round;
    },
  };
}

/** The broker of an option or of the environment. Throws UsageError. */
function brokerOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^mqtts?:\/\/[^/\s]+\/?$/.test(text) || !URL.canParse(text))
    throw new UsageError(
      `--mqtt: expected mqtt://USER:PASSWORD@HOST or mqtts://, found "${withoutSecrets(text)}"`,
    );
  return text;
}

const bridgeOf = (server: UpdateServer, url: string | undefined): MqttClient | undefined =>
  url === undefined
    ? undefined
    : mqttBridge(server, {
        url,
        tenant: "DEFAULT",
        log: (line) => void process.stderr.write(`thimble serve: ${line}\n`),
      });

/** Tells receivers of what is new, and has models trained again. */
function watchOver({ alerting, retraining }: UpdateServer): { end(): Promise<void> } {
  const rounds = [
    ...(alerting
      ? [
          every("alerts", () => {
            alerting.collect();
            return alerting.deliver();
          }),
        ]
      : []),
    ...(retraining ? [every("retrain", () => retraining.round())] : []),
  ];
  return {
    async end() {
      endCommands();
      await Promise.all(rounds.map((round) => round.end()));
    },
  };
}

const STARTING = respondRefusal(new Refused(503, "the server starts", { "retry-after": "1" }));

/**
 * Has the port before it touches the state: first tokens are made, and shown, only by a server that can be reached.
 * Throws UsageError for the address, StoreError for the state.
 */
async function start(
  options: UpdateServerOptions,
  address: { readonly host: string; readonly port: number },
): Promise<{ readonly http: HttpServer; readonly server: UpdateServer }> {
  let server: UpdateServer | undefined;
  const http = await serveHttp(
    {
      handle: (request) => server?.handle(request) ?? STARTING,
      admit: (head) => server?.admit(head) ?? STARTING,
    },
    address,
  ).catch((error: unknown) => {
    throw listenError(error, address);
  });
  try {
    server = updateServer(options);
    return { http, server };
  } catch (error) {
    await http.close();
    throw error;
  }
}

export const serveCommand: Command = {
  name: "serve",
  summary: "run an update server for a fleet",
  usage: `thimble serve --trust PUB.pem [--trust PUB.pem ...] [--data DIR [--init]] [--port N=${DEFAULT_PORT}] [--host ADDR=${DEFAULT_HOST}]
              [--poll SECONDS=300] [--public-url URL] [--alerts RULES.json] [--mqtt URL] [--renew-tokens]
              [--json]

Devices ask it as they ask a hawkBit: URL/DEFAULT/controller/v1/NAME (firmware/SPEC.md, section 7). Operators use
thimble publish and thimble rollout, the page at URL/, or the API that URL/openapi.json describes.
  --trust       only images signed with one of these keys are taken (public or private PEM)
  --data        the state: one database and the images; default ~/.thimble/server
  --init        makes a new state where DIR holds none: without it a folder that is empty, moved or not mounted is refused
  --host        0.0.0.0 for all addresses of this machine; put a proxy with TLS in front
  --poll        how often devices ask
  --alerts      who is told of models that are unwell: {"receivers": {"team": {"type": "webhook", "url": URL}}, "routes":
                [{"receiver": "team", "models": "wine*"}]}; type slack for Slack, and email. README has all of it
  --mqtt        a broker by which devices send reports too: mqtt://USER:PASSWORD@HOST or mqtts:// (firmware/SPEC.md, section 8.8);
                default: the environment's THIMBLE_MQTT, which does not show in a list of processes
  --public-url  what devices' links begin with, where a proxy is in front
  --renew-tokens  makes the two tokens anew, for whoever has lost them

The first start prints two tokens, once: one for operators, one for devices that register themselves.`,

  async run(args) {
    const { values } = parse(args, OPTIONS, []);
    if (values.trust === undefined) throw new UsageError("expected --trust PUB.pem, found none");
    const folder = values.data ?? DEFAULT_DATA;
    const broker = brokerOf(values.mqtt ?? process.env["THIMBLE_MQTT"]);
    const options: UpdateServerOptions = {
      folder,
      // A folder that somebody names holds a state, or has been lost; the one of everybody may be new.
      create: values.init ?? (values.data === undefined && !existsSync(DEFAULT_DATA)),
      keys: values.trust.map((file) => readPublicKey(readPem(file), `--trust ${file}`)),
      poll: pollOf(values.poll),
      renewTokens: values["renew-tokens"] ?? false,
      ...publicUrl(values["public-url"]),
      ...(values.alerts !== undefined && {
        alerts: { rules: readAlertRules(values.alerts), post: tellReceiver, run: runCommand },
      }),
    };
    const { http, server } = await start(options, {
      host: values.host ?? DEFAULT_HOST,
      port: portOf(values.port),
    });
    try {
      // Before the first line says that it listens: a supervisor that reads it may send a signal at once.
      const asked = untilAsked();
      const { manage, gateway } = server.firstTokens ?? {};
      if (values.json) printJson({ url: http.url, data: folder, manage, gateway }, 0);
      else {
        print(`serving ${basename(folder)} at ${http.url}`);
        if (manage !== undefined) print(`token of operators: ${manage}\ntoken of devices: ${gateway}`);
      }
      const rounds = watchOver(server);
      const bridge = bridgeOf(server, broker);
      await asked;
      bridge?.close();
      await rounds.end();
      await http.close();
    } finally {
      server.close();
    }
    return 0;
  },
};
