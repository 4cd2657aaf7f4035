/** Rules of alerts, as people write them: `thimble serve --alerts FILE.json`. */
import { readFileSync } from "node:fs";
import {
  type Check,
  checkDocument,
  isCount,
  isList,
  isMap,
  isNumber,
  isOneOf,
  isRecord,
  isText,
} from "../../ir/document.ts";
import { ModelError } from "../../ir/graph.ts";
import { KINDS } from "../telemetry/verdict.ts";

/** Takes Alertmanager's webhook format, version 4, or Slack's incoming messages. */
export interface WebReceiver {
  readonly type: "webhook" | "slack";
  readonly url: string;
}

/** Takes e-mail. */
export interface MailReceiver {
  readonly type: "email";
  /** smtp://USER:PASSWORD@HOST:PORT, or smtps: where TLS begins at once; a password is only sent over TLS. */
  readonly url: string;
  readonly from: string;
  /** Default: the model's owner where that is an address, else `from`. */
  readonly to?: string;
}

export type Receiver = WebReceiver | MailReceiver;

/** When a model is to be trained again, and by what: any one of the reasons is enough. */
export interface RetrainRule {
  /** Names of models, in which * is any text. */
  readonly models: string;
  /** Kinds of what may be wrong. */
  readonly kinds?: readonly string[];
  /** Days since the image was published. */
  readonly ageDays?: number;
  /** A file of `thimble samples`, and how many of it have labels. */
  readonly labels?: { readonly file: string; readonly least: number };
  /** Measured accuracy is below so many per cent beyond what chance explains, by so many labels at least. */
  readonly accuracy?: { readonly below: number; readonly least: number };
  /** Nothing starts before the server has so many samples of the model; devices are asked for `samplesPerDevice`, 10. */
  readonly leastSamples?: number;
  readonly samplesPerDevice?: number;
  /** A program and its arguments; no shell reads them. */
  readonly run: readonly string[];
  /** Hours after which it is run again while the reason lasts; default 24. */
  readonly againHours?: number;
}

export interface AlertRules {
  /** The address of the server's page, for whoever reads an alert. */
  readonly url?: string;
  readonly receivers: Readonly<Record<string, Receiver>>;
  /** Who owns a model: its name, in which * is any text, and a person or a team. */
  readonly owners?: Readonly<Record<string, string>>;
  /** All that fit are told; without `models` or `kinds` each fits. */
  readonly routes: readonly {
    readonly receiver: string;
    readonly models?: string;
    readonly kinds?: readonly string[];
  }[];
  /** Nobody is told of these models until the time has come. */
  readonly silences?: readonly { readonly models: string; readonly until: string }[];
  /** Hours after which what is still wrong is told again; default 24. */
  readonly repeatHours?: number;
  readonly retrain?: readonly RetrainRule[];
}

/** Silence is found when it is asked for, not as reports come. */
const isKind = isOneOf(...KINDS, "silence");

/** A record without any further fields: a misspelt rule would be passed over otherwise. */
const closed =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    const fault = isRecord(fields, optional)(value, path);
    if (fault !== undefined) return fault;
    const names = Object.keys({ ...fields, ...optional });
    const unknown = Object.keys(value as object).find((name) => !names.includes(name));
    return unknown === undefined ? undefined : `${path}: expected ${names.join(", ")}, found ${unknown}`;
  };

const isUrl: Check = (value, path) =>
  isText(value, path) ??
  (/^https?:\/\/\S+$/.test(value as string) ? undefined : `${path}: expected a URL, found "${value}"`);

const isMailUrl: Check = (value, path) =>
  isText(value, path) ??
  (/^smtps?:\/\/[^\s/]+$/.test(value as string) && URL.canParse(value as string)
    ? undefined
    : `${path}: expected smtp://HOST:PORT or smtps://HOST:PORT`);

const isAddress: Check = (value, path) =>
  isText(value, path) ??
  (/^[^\r\n]*@[^\r\n]*$/.test(value as string)
    ? undefined
    : `${path}: expected an address of e-mail, found "${value}"`);

const isWebReceiver = closed({ type: isOneOf("webhook", "slack", "email"), url: isUrl });
const isMailReceiver = closed({ type: isOneOf("email"), url: isMailUrl, from: isAddress }, { to: isAddress });

const isReceiver: Check = (value, path) =>
  ((value as { readonly type?: unknown } | null)?.type === "email" ? isMailReceiver : isWebReceiver)(
    value,
    path,
  );

const isTime: Check = (value, path) =>
  isText(value, path) ??
  (Number.isNaN(Date.parse(value as string))
    ? `${path}: expected a time of ISO 8601, found "${value}"`
    : undefined);

/** Times and ages: 0 would be a rule that always holds. */
const isPositive: Check = (value, path) =>
  isNumber(value, path) ??
  ((value as number) > 0 ? undefined : `${path}: expected a number above 0, found ${value}`);

const isPercent: Check = (value, path) =>
  isPositive(value, path) ??
  ((value as number) <= 100 ? undefined : `${path}: expected at most 100 per cent, found ${value}`);

const isSome: Check = (value, path) => isCount(value, path) ?? isPositive(value, path);

const isCommand: Check = (value, path) =>
  isList(isText)(value, path) ??
  ((value as string[]).length > 0 ? undefined : `${path}: expected a program and its arguments, found none`);

const isRetrainRule: Check = (value, path) =>
  closed(
    { models: isText, run: isCommand },
    {
      kinds: isList(isKind),
      ageDays: isSome,
      labels: closed({ file: isText, least: isSome }),
      accuracy: closed({ below: isPercent, least: isSome }),
      leastSamples: isCount,
      samplesPerDevice: isCount,
      againHours: isPositive,
    },
  )(value, path) ??
  (["kinds", "ageDays", "labels", "accuracy"].some((name) => name in (value as object))
    ? undefined
    : `${path}: expected kinds, ageDays, labels or accuracy, found none of them`);

const isRules = closed(
  {
    receivers: isMap(isReceiver),
    routes: isList(closed({ receiver: isText }, { models: isText, kinds: isList(isKind) })),
  },
  {
    url: isUrl,
    owners: isMap(isText),
    silences: isList(closed({ models: isText, until: isTime })),
    repeatHours: isPositive,
    retrain: isList(isRetrainRule),
  },
);

/** Throws ModelError, which names the file, for what are no rules. */
export function readAlertRules(path: string): AlertRules {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new ModelError(`${path}: expected JSON: ${(error as Error).message}`);
  }
  checkDocument(value, isRules, path);
  const rules = value as AlertRules;
  const unknown = rules.routes.find(({ receiver }) => !Object.hasOwn(rules.receivers, receiver));
  if (unknown)
    throw new ModelError(
      `${path}: routes: expected a receiver of ${Object.keys(rules.receivers).join(", ")}, found ${unknown.receiver}`,
    );
  return rules;
}
