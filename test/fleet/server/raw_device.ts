/** A device without a model: requests of DDI as a test wants them, true or not. */
import type { ServerResponse } from "../../../host/fleet/server/message.ts";
import { json, type Scene } from "./server_and_devices.ts";

interface Links {
  readonly _links: Readonly<Record<string, { readonly href: string } | undefined>>;
}

interface Deployment {
  readonly deployment: {
    readonly chunks: readonly { readonly artifacts: readonly Links[] }[];
  };
}

export interface RawDevice {
  readonly url: string;
  /** A request to a path below the device's own, or to a whole URL. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): ServerResponse;
  /** The links that a poll gives, without their queries. */
  links(): Links["_links"];
  configure(data: Readonly<Record<string, string>>): void;
  /** Reads the deployment that it is offered, and downloads its image. Where its feedback goes. */
  download(): string;
  /** Downloads the image that it is offered, and says how it went. */
  report(finished: "success" | "failure" | "none", ...details: readonly string[]): ServerResponse;
}

export const feedbackOf = (finished: string, details: readonly string[] = [], execution?: string) => ({
  status: {
    execution: execution ?? (finished === "none" ? "proceeding" : "closed"),
    result: { finished },
    details,
  },
});

export function rawDevice(at: Scene, name: string, authorization = `GatewayToken ${at.gateway}`): RawDevice {
  const url = `/DEFAULT/controller/v1/${name}`;
  const device: RawDevice = {
    url,
    ask: (method, path, body, headers = {}) =>
      at.ask({
        method,
        url: path.startsWith("http") ? path : `${url}${path}`,
        headers: { authorization, ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    links() {
      const links = Object.entries(json<Links>(device.ask("GET", ""))._links);
      return Object.fromEntries(links.map(([name, link]) => [name, { href: link!.href.split("?")[0]! }]));
    },
    configure: (data) => void device.ask("PUT", "/configData", { data }),
    download() {
      const { href } = device.links()["deploymentBase"]!;
      const { deployment } = json<Deployment>(device.ask("GET", href));
      device.ask("GET", deployment.chunks[0]!.artifacts[0]!._links["download"]!.href);
      return `${href}/feedback`;
    },
    report: (finished, ...details) => device.ask("POST", device.download(), feedbackOf(finished, details)),
  };
  return device;
}
