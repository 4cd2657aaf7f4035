/**
 * The command that a rule of `thimble serve` runs in the story of `npm start`: takes the samples that devices have sent, with what the laboratory
 * found, trains the model again, publishes it and starts a rollout whose first stage compares it with the one in service.
 *
 *   node retrain.js FOLDER      with THIMBLE_SERVER, THIMBLE_TOKEN and what rules say in the environment
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sampleClient } from "../fleet/server/sample_client.ts";
import { thimbleManagement } from "../fleet/server/thimble_management.ts";
import { withLabels } from "../fleet/telemetry/sample_files.ts";
import { CONDITIONS, type Reading } from "./plant.ts";
import { BOOK_FILE, makeImage } from "./plant_image.ts";

const LEAST = 100;

async function main(folder: string): Promise<void> {
  const { THIMBLE_SERVER: url = "", THIMBLE_TOKEN: token = "", ...env } = process.env;
  const book = new Map(
    Object.entries(JSON.parse(readFileSync(join(folder, BOOK_FILE), "utf8")) as Record<string, number>),
  );
  const pulled = await sampleClient({ url, token }).pull(env["THIMBLE_MODEL_HASH"]!);
  const found = pulled.flatMap(({ id, values }) => {
    const condition = book.get(values.join());
    return condition === undefined ? [] : [[id, CONDITIONS[condition]!] as const];
  });
  const since = Date.parse(env["THIMBLE_SINCE"]!) / 1000;
  const recent = withLabels(pulled, new Map(found)).filter(
    ({ label, time }) => label !== undefined && time >= since,
  );
  const readingOf = ({ values, label }: (typeof recent)[number]): Reading => ({
    values: values.map((value) => value ?? Number.NaN),
    condition: CONDITIONS.indexOf(label as (typeof CONDITIONS)[number]),
  });
  const known = recent.map(readingOf);
  // Those that a device chose for being strange are no measure of what it usually sees.
  const usual = recent.filter(({ kind }) => kind === "random").map(readingOf);
  if (usual.length < LEAST)
    throw new Error(
      `retrain: expected at least ${LEAST} samples by chance, found ${usual.length} of ${pulled.length}`,
    );
  const management = thimbleManagement({ url, token });
  const { id } = await management.publish(
    await makeImage(folder, "1.1.0", { known, usual }),
    "ml@example.com",
  );
  await management.start({
    image: id,
    stages: [{ count: 3 }, { percent: 40 }, { rest: true }],
    success: 90,
    errors: 10,
    retries: 2,
    // The one in service is wrong about many: what counts is that nothing is wrong with the new one.
    shadow: { agreement: 30, least: 300 },
  });
}

try {
  await main(process.argv[2]!);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
