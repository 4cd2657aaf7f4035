/** Model files of other kinds, which people give as they have them: what each is, and what exports one that is read. */
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { ModelError } from "../../ir/graph.ts";

const SKLEARN = 'skl2onnx.to_onnx(model, X[:1].astype("float32"))';
const TORCH = 'torch.onnx.export(model, example_input, "model.onnx", dynamo=False)';
const ONNXMLTOOLS = "onnxmltools.convert_xgboost, convert_lightgbm or convert_catboost of the model";
const TF = 'tf.lite.TFLiteConverter.from_saved_model(FOLDER).convert(), or model.save("model.keras")';

interface Foreign {
  readonly what: string;
  readonly advice: string;
}

/** By the extension of the file's name. */
const EXTENSIONS: readonly (readonly [RegExp, Foreign])[] = [
  [/^\.(joblib|pkl|pickle|skops|sav)$/, { what: "a pickled model", advice: SKLEARN }],
  [/^\.(pt|pth|ckpt|safetensors|torchscript)$/, { what: "a PyTorch file", advice: TORCH }],
  [
    /^\.(mlmodel|mlpackage)$/,
    { what: "a Core ML model", advice: "export the model it was converted from to ONNX" },
  ],
  [/^\.(pb|pbtxt|meta|index)$/, { what: "a TensorFlow graph", advice: TF }],
  [/^\.(ubj|json|model|bst)$/, { what: "a model of boosted trees or of TensorFlow.js", advice: ONNXMLTOOLS }],
  [/^\.(txt|lgb)$/, { what: "a LightGBM model", advice: ONNXMLTOOLS }],
  [/^\.cbm$/, { what: "a CatBoost model", advice: 'model.save_model("model.onnx", format="onnx")' }],
  [/^\.(npz|npy)$/, { what: "arrays", advice: "a model with its layers: .tflite, .onnx or .keras" }],
  [/^\.(pdmodel|pdparams)$/, { what: "a Paddle model", advice: "paddle2onnx" }],
  [
    /^\.(gguf|ggml|engine|plan|xml|bin)$/,
    { what: "a model of another runtime", advice: "export it to ONNX" },
  ],
  [/^\.pmml$/, { what: "a PMML model", advice: SKLEARN }],
  [/^\.(wasm|img)$/, { what: "a module that is built already", advice: "thimble run or inspect" }],
];

/** A pickle's first opcode and the version of its protocol. */
const PICKLE = new RegExp(
  `^${String.fromCharCode(0x80)}[${String.fromCharCode(2)}-${String.fromCharCode(5)}]`,
);

/** By the bytes that a file begins with. */
const MAGICS: readonly (readonly [RegExp, Foreign])[] = [
  [PICKLE, { what: "a pickle", advice: SKLEARN }],
  [/^CBM1/, { what: "a CatBoost model", advice: 'model.save_model("model.onnx", format="onnx")' }],
  [/^.NUMPY/, { what: "an array", advice: "a model with its layers: .tflite, .onnx or .keras" }],
  [/^.asm/s, { what: "a module that is built already", advice: "thimble run or inspect" }],
  [/^\s*[{[]/, { what: "JSON", advice: ONNXMLTOOLS }],
]; // biome-ignore format: a table

const refuse = ({ what, advice }: Foreign): ModelError =>
  new ModelError(
    `expected a .tflite, .onnx, .keras or .h5 file, found ${what}; export it, in Python: ${advice}`,
  );

/** Throws ModelError with what exports the model, where a folder is what a framework saves. */
export function refuseFolder(folder: string): never {
  const isSavedModel = ["saved_model.pb", "saved_model.pbtxt"].some((name) => existsSync(join(folder, name)));
  const found = EXTENSIONS.find(([extension]) => extension.test(extname(folder).toLowerCase()))?.[1];
  if (isSavedModel) throw refuse({ what: "a SavedModel folder", advice: TF });
  if (found) throw refuse(found);
  throw new ModelError("expected a model file, found a folder");
}

/** PyTorch saves a zip archive with a pickle in it. */
const isTorchZip = (bytes: Uint8Array): boolean =>
  /data\.pkl|constants\.pkl/.test(Buffer.from(bytes.subarray(0, 4096)).toString("latin1"));

/** Throws ModelError with what exports the model, where the file is one of another kind. */
export function checkForeign(file: string, bytes: Uint8Array): void {
  const head = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  const isZip = head.startsWith("PK\u0003\u0004");
  if (isZip && isTorchZip(bytes)) throw refuse({ what: "a PyTorch file", advice: TORCH });
  const extension = extname(file).toLowerCase();
  if (extension === ".onnx") return;
  const found =
    EXTENSIONS.find(([pattern]) => pattern.test(extension)) ?? MAGICS.find(([pattern]) => pattern.test(head));
  if (found) throw refuse(found[1]);
}
