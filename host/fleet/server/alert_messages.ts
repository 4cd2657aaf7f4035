/** Messages to receivers of alerts: what each kind of receiver is sent of the alerts of one model. */
import type { MailReceiver, Receiver } from "./alert_rules.ts";

/** One thing that is wrong with a model, as a receiver is told of it. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

export type AlertStatus = "firing" | "resolved";

/** An e-mail as it waits to be sent. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

/** To whom an e-mail of these alerts goes: the receiver's own, or the model's owner; the sender where there is neither. */
function addresseeOf({ to, from }: MailReceiver, { labels: { owner = "" } }: Alert): string {
  if (to !== undefined) return to;
  return ADDRESS.test(owner) ? owner : from;
}

const nameOf = ({ labels: { model, version, hash } }: Alert): string =>
  model === "" ? hash!.slice(0, 12) : `${model} ${version}`;

function mailOf(receiver: MailReceiver, status: AlertStatus, alerts: readonly Alert[]): Mail {
  const [first] = alerts;
  const kinds = [...new Set(alerts.map(({ labels: { kind } }) => kind))].join(", ");
  const paragraphs = alerts.map(({ labels: { owner }, annotations, startsAt }) =>
    [
      annotations["summary"],
      `since: ${startsAt}`,
      `devices: ${annotations["devices"]}`,
      `probable cause: ${annotations["cause"]}`,
      ...(owner === undefined ? [] : [`owner: ${owner}`]),
      `look further: ${annotations["look"]}`,
    ].join("\n"),
  );
  return {
    to: addresseeOf(receiver, first!),
    subject: `[thimble] ${status}: ${nameOf(first!)}: ${kinds}`,
    text: `${paragraphs.join("\n\n")}\n`,
  };
}

/** A message of alerts of one model, as its receiver takes it. */
export function messageOf(
  to: Receiver,
  receiver: string,
  status: AlertStatus,
  alerts: readonly Alert[],
  { url, endsAt }: { readonly url: string | undefined; readonly endsAt: string | undefined },
): string {
  if (to.type === "email") return JSON.stringify(mailOf(to, status, alerts));
  if (to.type === "slack") {
    const mark = status === "firing" ? ":warning:" : ":white_check_mark: resolved:";
    const lines = alerts.map(
      ({ annotations: { summary, devices, cause, look } }) =>
        `${mark} ${summary}\n• devices: ${devices}\n• probable cause: ${cause}\n• \`${look}\``,
    );
    return JSON.stringify({ text: lines.join("\n") });
  }
  const [first] = alerts;
  const { model, version, hash } = first!.labels;
  const shared = { alertname: "ThimbleModelUnwell", model: model!, version: version!, hash: hash! };
  return JSON.stringify({
    version: "4",
    groupKey: `{}:{hash="${hash}"}`,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels: { hash },
    commonLabels: shared,
    commonAnnotations: {},
    externalURL: url ?? "",
    alerts: alerts.map((alert) => ({
      status,
      ...alert,
      endsAt: endsAt ?? "0001-01-01T00:00:00Z",
      generatorURL: url ?? "",
      fingerprint: `${hash!.slice(0, 16)}-${alert.labels["kind"]}-${alert.labels["feature"] ?? ""}`,
    })),
  });
}
