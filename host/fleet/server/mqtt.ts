/**
 * Reports over MQTT: firmware/SPEC.md, section 8.8, has the topics. Who a device is, its broker knows: the name in the topic has to be
 * that of the user, as an ACL of the broker says.
 */
import { decodeReport } from "../telemetry/report.ts";
import { decodeSample } from "../telemetry/sample.ts";
import { type MqttClient, mqttClient } from "./mqtt_client.ts";
import type { UpdateServer } from "./server.ts";

export interface MqttBridgeOptions {
  readonly url: string;
  readonly tenant: string;
  readonly log: (line: string) => void;
  readonly ready?: () => void;
}

const KINDS = { report: "reports", sample: "samples" } as const;

/** The model that a message is about, and a report's interval; undefined where it is neither report nor sample. */
function subjectOf(
  kind: keyof typeof KINDS,
  body: Uint8Array,
): { model: string; number: number } | undefined {
  try {
    if (kind === "sample") return { model: decodeSample(body).model, number: 0 };
    const { model, interval } = decodeReport(body);
    return { model, number: interval };
  } catch {
    return undefined;
  }
}

/** Takes what devices publish, and tells them what the server has. */
export function mqttBridge(
  server: Pick<UpdateServer, "deliver">,
  { url, tenant, log, ready }: MqttBridgeOptions,
): MqttClient {
  const root = `thimble/v1/${tenant}`;
  /** Greatest interval that was told as taken, by topic: retained messages of late reports must not go back. */
  const told = new Map<string, number>();

  function taken(topic: string, number: number): void {
    const greatest = Math.max(number, told.get(topic) ?? 0);
    told.set(topic, greatest);
    client.publish(topic, String(greatest), true);
  }

  function take(topic: string, body: Uint8Array): void {
    const [, segment, word] = /^thimble\/v1\/[^/]+\/([^/]+)\/(report|sample)$/.exec(topic) ?? [];
    if (segment === undefined) return;
    const kind = word as keyof typeof KINDS;
    const device = nameIn(segment);
    const { status, headers, body: answer } = server.deliver(device, KINDS[kind], body);
    const place = `${root}/${segment}`;
    const subject = subjectOf(kind, body);
    // A device sends again whatever is not told as taken.
    if (status !== 204) client.publish(`${place}/refused`, `${status} ${titleIn(answer)}`, false);
    if (!subject || (status !== 204 && status !== 400)) return;
    if (kind === "sample") {
      client.publish(`${place}/got/${subject.model}`, sampleNumber(body), false);
      return;
    }
    taken(`${place}/taken/${subject.model}`, subject.number);
    const wanted = headers["thimble-samples"];
    if (wanted !== undefined) client.publish(`${place}/wanted/${subject.model}`, wanted, false);
  }

  const client = mqttClient({
    url,
    clientId: `thimble-serve-${tenant}`,
    topics: [`${root}/+/report`, `${root}/+/sample`],
    take,
    log,
    ...(ready && { ready }),
  });
  return client;
}

function nameIn(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const titleIn = (answer: Uint8Array): string => {
  try {
    return (JSON.parse(Buffer.from(answer).toString("utf8")) as { title: string }).title;
  } catch {
    return "";
  }
};

/** The number by which the device knows a sample. */
const sampleNumber = (body: Uint8Array): string => String(Buffer.from(body).readUInt32LE(8));
