/** The model that samples run: iris by two petals, from the models of the checkout, signed by a key that anybody has. */
import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { imageHeader, keyHeader } from "../image/keys.ts";
import { readNeeds } from "../image/module.ts";
import { writeImage } from "../image/write_image.ts";
import { ModelError } from "../ir/graph.ts";
import { build } from "../pipeline.ts";
import { root } from "../root.ts";

const LABELS = ["setosa", "versicolor", "virginica"] as const;

/** A key of 32 equal bytes: every reader can sign with it. */
const demoKey = () =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 42)]),
    format: "der",
    type: "pkcs8",
  });

const WARNING = `/*
 * FOR THE SAMPLE ONLY: the key's private half is in thimble's sources. Make your own by
 * thimble keygen -o key.pem --c-header keys.h, and your own model.h by thimble sign --c-header.
 */
`;

/** `model.h` and `keys.h` of the samples. Throws ModelError outside of a checkout, which has the model. */
export async function sampleHeaders(): Promise<Readonly<Record<"model.h" | "keys.h", string>>> {
  const path = (name: string): string => join(root, "test", "models", name);
  const name = "logistic_regression_multinomial";
  if (!existsSync(path(`${name}.onnx`)))
    throw new ModelError(
      `${path(`${name}.onnx`)}: expected the sample's model, found none: packs are made in a checkout`,
    );
  const { module } = await build({
    model: path(`${name}.onnx`),
    calibration: path(`${name}.calibration.csv`),
    name: "iris",
    version: "1.0.0",
    facts: { labels: LABELS },
    engines: [],
  });
  const key = demoKey();
  const image = writeImage({ body: module, key, version: "1.0.0", id: "iris", ...readNeeds(module) });
  return { "model.h": WARNING + imageHeader(image), "keys.h": WARNING + keyHeader([key]) };
}
