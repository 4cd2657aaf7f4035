/** A server of the DDI that does what a test says: one device, one deployment at a time, answers that can be spoilt. */
import { createHash } from "node:crypto";
import type { Answer, Request } from "../../host/fleet/simulator/ddi.ts";
import { emptyAnswer } from "../../host/fleet/simulator/network.ts";

export const BASE = "https://updates.example/DEFAULT/controller/v1/device-1";

export interface Deployment {
  readonly id: number | string;
  readonly image: Uint8Array;
  /** What the document says where it is not the truth. */
  readonly claims?: { readonly size?: number; readonly sha256?: string; readonly name?: string };
  /** Makes the document another one: an object, or its text. */
  readonly rewrite?: (document: DeploymentDocument) => unknown;
}

/** What the server says of a deployment, as far as tests change it. */
export interface DeploymentDocument {
  id: unknown;
  deployment: { download: unknown; update: unknown; chunks: Chunk[]; maintenanceWindow?: unknown };
}

export interface Chunk {
  part: string;
  version: string;
  name: unknown;
  artifacts: {
    filename: string;
    hashes: { sha256?: unknown };
    size: unknown;
    _links: Record<string, { href: unknown }>;
  }[];
}

export interface Feedback {
  readonly kind: "deploymentBase" | "cancelAction";
  readonly id: string;
  readonly execution: string;
  readonly finished: string;
  readonly details: readonly string[];
}

export interface ScriptedServer {
  deployment: Deployment | undefined;
  /** What the answer to a poll says besides. */
  readonly links: Record<string, { href: unknown }>;
  /** Id of the action to cancel. */
  cancel: number | undefined;
  readonly feedback: Feedback[];
  readonly attributes: Record<string, string>;
  readonly requests: string[];
  answer(request: Request): Answer;
}

const json = (value: unknown): Answer => ({
  status: 200,
  headers: { "content-type": "application/hal+json" },
  body: [Buffer.from(typeof value === "string" ? value : JSON.stringify(value))],
  whole: true,
});

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

export const chunkOf = (image: Uint8Array, name = "adder", claims: Deployment["claims"] = {}): Chunk => {
  const artifact = {
    filename: "model.img",
    hashes: { sha1: "0".repeat(40), md5: "0".repeat(32), sha256: claims.sha256 ?? sha256(image) },
    size: claims.size ?? image.length,
    _links: { download: { href: `${BASE}/softwaremodules/1/artifacts/model.img` } },
  };
  return { part: "bApp", version: "2", name: claims.name ?? name, artifacts: [artifact] };
};

function document({ id, image, claims, rewrite }: Deployment): unknown {
  const chunks = [chunkOf(image, "adder", claims)];
  const whole = { id: String(id), deployment: { download: "forced", update: "forced", chunks } };
  return rewrite ? rewrite(whole) : whole;
}

/** The image, or what is left of it, in pieces as they come from a network. */
function download(image: Uint8Array, request: Request): Answer {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers["range"] ?? "")?.[1] ?? 0);
  if (start >= image.length) return emptyAnswer(416);
  const pieces: Uint8Array[] = [];
  for (let at = start; at < image.length; at += 1460) pieces.push(image.subarray(at, at + 1460));
  return {
    status: start > 0 ? 206 : 200,
    headers: {
      etag: `"${sha256(image).slice(0, 16)}"`,
      ...(start > 0 && { "content-range": `bytes ${start}-${image.length - 1}/${image.length}` }),
    },
    body: pieces,
    whole: true,
  };
}

/** A server that wants to be polled every `sleep`. */
export function scriptedServer(sleep = "00:01:00"): ScriptedServer {
  const server: ScriptedServer = {
    deployment: undefined,
    links: {},
    cancel: undefined,
    feedback: [],
    attributes: {},
    requests: [],
    answer(request) {
      const path = request.url.slice(BASE.length);
      server.requests.push(`${request.method} ${path}`);
      if (path === "") return json(links());
      if (path === "/configData") return configure(request);
      if (path.startsWith("/softwaremodules/")) return download(server.deployment!.image, request);
      const [, kind, id, last] = path.split(/[/?]/) as [string, Feedback["kind"], string, string | undefined];
      if (last === "feedback") return take(kind, id, request);
      if (kind === "cancelAction") return json({ id, cancelAction: { stopId: String(server.cancel) } });
      return server.deployment ? json(document(server.deployment)) : emptyAnswer(404);
    },
  };

  function links(): unknown {
    const href = (path: string) => ({ href: `${BASE}/${path}` });
    return {
      config: { polling: { sleep } },
      _links: {
        ...(server.cancel !== undefined && { cancelAction: href(`cancelAction/${server.cancel + 1000}`) }),
        ...(Object.keys(server.attributes).length === 0 && { configData: href("configData") }),
        ...(server.deployment && { deploymentBase: href(`deploymentBase/${server.deployment.id}?c=-12`) }),
        ...server.links,
      },
    };
  }

  function configure(request: Request): Answer {
    Object.assign(server.attributes, (JSON.parse(request.body!) as { data: Record<string, string> }).data);
    return json({});
  }

  /** A final answer closes the action, as it does with hawkBit. */
  function take(kind: Feedback["kind"], id: string, request: Request): Answer {
    const { status } = JSON.parse(request.body!) as {
      status: { execution: string; result: { finished: string }; details: string[] };
    };
    server.feedback.push({
      kind,
      id,
      execution: status.execution,
      finished: status.result.finished,
      details: status.details,
    });
    if (status.result.finished !== "none") {
      if (kind === "cancelAction") {
        server.cancel = undefined;
        if (status.result.finished === "success") server.deployment = undefined;
      } else if (String(server.deployment?.id) === id) server.deployment = undefined;
    }
    return json({});
  }
  return server;
}
