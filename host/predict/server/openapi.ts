/** The server's API as an OpenAPI 3.1 document: the REST part of the Open Inference Protocol, version 2. */
import { version } from "../../root.ts";

const json = (schema: object): object => ({ content: { "application/json": { schema } } });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const answer = (description: string, schema?: object): object => ({
  "200": { description, ...(schema && json(schema)) },
  default: { description: "Refused: one line says why", ...json(ref("Error")) },
});
const parameter = (name: string): object => ({
  name,
  in: "path",
  required: true,
  schema: { type: "string" },
});

const TEXT = { type: "string" };
const SHAPE = { type: "array", items: { type: "integer" } };
const PARAMETERS = { type: "object", additionalProperties: true };
const list = (items: object): object => ({ type: "array", items });
const object = (properties: Record<string, object>, required: readonly string[]): object => ({
  type: "object",
  properties,
  required,
});

const TENSOR = { name: TEXT, shape: SHAPE, datatype: TEXT, parameters: PARAMETERS };
const SCHEMAS = {
  Error: object({ error: TEXT }, ["error"]),
  Server: object({ name: TEXT, version: TEXT, extensions: list(TEXT) }, ["name", "version", "extensions"]),
  Tensor: object({ ...TENSOR, data: { type: "array" } }, ["name", "shape", "datatype"]),
  TensorMetadata: object(TENSOR, ["name", "shape", "datatype"]),
  Model: object(
    {
      name: TEXT,
      versions: list(TEXT),
      platform: TEXT,
      inputs: list(ref("TensorMetadata")),
      outputs: list(ref("TensorMetadata")),
      parameters: PARAMETERS,
    },
    ["name", "platform", "inputs", "outputs"],
  ),
  InferenceRequest: object(
    {
      id: TEXT,
      parameters: PARAMETERS,
      inputs: list(ref("Tensor")),
      outputs: list(object({ name: TEXT, parameters: PARAMETERS }, ["name"])),
    },
    ["inputs"],
  ),
  InferenceResponse: object(
    { model_name: TEXT, model_version: TEXT, id: TEXT, parameters: PARAMETERS, outputs: list(ref("Tensor")) },
    ["model_name", "outputs"],
  ),
};

/** Paths of one model, with a version and without. */
function modelPaths(prefix: string, parameters: readonly object[]): Record<string, object> {
  return {
    [prefix]: {
      parameters,
      get: { summary: "Inputs and outputs", responses: answer("A model", ref("Model")) },
    },
    [`${prefix}/ready`]: { parameters, get: { summary: "Whether it answers", responses: answer("It does") } },
    [`${prefix}/infer`]: {
      parameters,
      post: {
        summary: "Predict rows; tensors may follow the JSON as bytes (Inference-Header-Content-Length)",
        requestBody: { required: true, ...json(ref("InferenceRequest")) },
        responses: answer("Scores and decisions", ref("InferenceResponse")),
      },
    },
  };
}

export const openApi = (): object => ({
  openapi: "3.1.0",
  info: { title: "thimble predict", version },
  paths: {
    "/v2/health/live": { get: { summary: "Whether the server runs", responses: answer("It does") } },
    "/v2/health/ready": { get: { summary: "Whether all models answer", responses: answer("They do") } },
    "/v2": { get: { summary: "What the server is", responses: answer("A server", ref("Server")) } },
    ...modelPaths("/v2/models/{model}", [parameter("model")]),
    ...modelPaths("/v2/models/{model}/versions/{version}", [parameter("model"), parameter("version")]),
    "/metrics": { get: { summary: "Counts, for Prometheus", responses: answer("Text") } },
    "/openapi.json": { get: { summary: "This document", responses: answer("OpenAPI 3.1") } },
  },
  components: { schemas: SCHEMAS },
});
