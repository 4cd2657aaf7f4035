/**
 * The REST part of the Open Inference Protocol, version 2, with its binary tensors: what a request asks for, and what it
 * is answered.
 */
import {
  bodyBytes,
  isObject,
  type Json,
  type JsonObject,
  Refused,
  readJson,
  respond,
  respondJson,
  type ServerRequest,
  type ServerResponse,
  shown,
} from "../../fleet/server/message.ts";
import { answerRows, describeTensors, readRows } from "./infer.ts";
import type { Models, ServedModel } from "./models.ts";
import { datatypeOf, type OutputTensor, outputBytes } from "./tensors.ts";

const HEADER_LENGTH = "inference-header-content-length";

/** A model's path, split into what it asks for. */
export interface Target {
  readonly served: ServedModel;
  readonly what: "" | "ready" | "infer";
}

const MODEL_PATH = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused(400, `path: expected a name in percent encoding, found ${shown(text)}`);
  }
}

/** The model that a path is about, if it is about one. Throws Refused (400, 404). */
export function targetOf(models: Models, path: string): Target | undefined {
  const match = MODEL_PATH.exec(path);
  if (!match) return undefined;
  const [name, version] = [decoded(match[1]!), match[2] === undefined ? undefined : decoded(match[2])];
  const served = models.find(name, version);
  if (served) return { served, what: (match[3] ?? "") as Target["what"] };
  const known = models.all().map((each) => `${each.name} ${each.version}`);
  const wanted = version === undefined ? name : `${name} ${version}`;
  throw new Refused(404, `model: expected ${known.join(", ")}, found ${shown(wanted)}`);
}

function describeModel({ name, version, model, meta }: ServedModel, models: Models): ServerResponse {
  const versions = models.all().flatMap((each) => (each.name === name ? [each.version] : []));
  const { labels, threshold, task, hash } = model;
  const parameters = { module: hash, version, task, labels, threshold, meta };
  return respondJson({ name, versions, platform: "thimble_wasm", ...describeTensors(model), parameters });
}

/** JSON and what lies behind it. Throws Refused (400, 413). */
function splitBody(request: ServerRequest, most: number): { json: JsonObject; rest: DataView } {
  const bytes = bodyBytes(request);
  const told = request.headers[HEADER_LENGTH];
  const length = told === undefined ? bytes.length : Number(told);
  if (!Number.isInteger(length) || length < 0 || length > bytes.length)
    throw new Refused(400, `${HEADER_LENGTH}: expected 0 to ${bytes.length}, found ${shown(told ?? "")}`);
  const json = readJson({ ...request, body: bytes.subarray(0, length) }, most);
  return { json, rest: new DataView(bytes.buffer, bytes.byteOffset + length, bytes.length - length) };
}

/** Outputs that a request wants, each with whether as bytes. Throws Refused. */
function wantedOutputs(request: JsonObject, all: readonly OutputTensor[]): [OutputTensor, boolean][] {
  const { outputs, parameters } = request;
  const isBinary = (value: Json | undefined, key: string): boolean => isObject(value) && value[key] === true;
  const byDefault = isBinary(parameters, "binary_data_output");
  if (outputs === undefined) return all.map((tensor) => [tensor, byDefault]);
  if (!Array.isArray(outputs)) throw new Refused(400, `outputs: expected a list, found ${shown(outputs)}`);
  return (outputs as readonly Json[]).map((wanted) => {
    const name = isObject(wanted) ? wanted["name"] : wanted;
    const tensor = all.find((each) => each.name === name);
    if (!tensor) {
      const names = all.map((each) => each.name).join(", ");
      throw new Refused(400, `outputs: expected ${names}, found ${shown(name)}`);
    }
    const own = isObject(wanted) ? wanted["parameters"] : undefined;
    return [tensor, isObject(own) && "binary_data" in own ? own["binary_data"] === true : byDefault];
  });
}

/** Numbers beyond those of JSON are null. */
const dataOf = ({ data }: OutputTensor): unknown[] => Array.from<unknown>(data);

function respondOutputs(head: object, outputs: readonly [OutputTensor, boolean][]): ServerResponse {
  const bytes = outputs.map(([tensor, isBinary]) => (isBinary ? outputBytes(tensor) : undefined));
  const json = JSON.stringify({
    ...head,
    outputs: outputs.map(([tensor], i) => ({
      name: tensor.name,
      shape: tensor.shape,
      datatype: datatypeOf(tensor),
      ...(bytes[i] ? { parameters: { binary_data_size: bytes[i].length } } : { data: dataOf(tensor) }),
    })),
  });
  const behind = bytes.flatMap((each) => each ?? []);
  if (behind.length === 0) return respond(200, json, { "content-type": "application/json" });
  const text = Buffer.from(json);
  return respond(200, Buffer.concat([text, ...behind]), {
    "content-type": "application/octet-stream",
    [HEADER_LENGTH]: String(text.length),
  });
}

/** What a request may have. */
export interface RequestLimits {
  readonly bodyBytes: number;
  readonly rows: number;
}

/** The answer to a request for an inference, and how many rows it has. Throws Refused (400, 413). */
function infer({ name, version, model }: ServedModel, request: ServerRequest, limits: RequestLimits) {
  const { json, rest } = splitBody(request, limits.bodyBytes);
  const { id } = json;
  if (id !== undefined && typeof id !== "string")
    throw new Refused(400, `id: expected a text, found ${shown(id)}`);
  const rows = readRows(model, json, rest, limits.rows);
  const outputs = wantedOutputs(json, answerRows(model, rows));
  const head = { model_name: name, model_version: version, ...(id !== undefined && { id }) };
  const response = respondOutputs({ ...head, parameters: { module: model.hash } }, outputs);
  return { response, rows: rows.rows };
}

export interface Answered {
  readonly response: ServerResponse;
  /** That were predicted. */
  readonly rows: number;
}

/** The answer to a request about a model. Throws Refused. */
export function answerTarget(
  { served, what }: Target,
  request: ServerRequest,
  models: Models,
  limits: RequestLimits,
): Answered {
  if (what === "infer") return infer(served, request, limits);
  const ready = (): ServerResponse => respondJson({ name: served.name, ready: true });
  return { response: what === "ready" ? ready() : describeModel(served, models), rows: 0 };
}
