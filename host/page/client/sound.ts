/** Sounds: of a file or from the microphone, at the rate of the input, in windows as a device takes them. */
import type { Prediction } from "../../runtime/model/browser.ts";
import { confidence, type Runner, show, verdict } from "./answer.ts";
import { byId, make, trying } from "./dom.ts";

/** Seconds of a recording. */
const RECORD_S = 3;
/** Windows whose answers are listed. */
const MOST_WINDOWS = 100;

/** Samples of all channels' mean, at the rate. Throws Error where the browser knows no such sound. */
async function decode(data: ArrayBuffer, sampleRate: number, name: string): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, 1, sampleRate);
  const sound = await context.decodeAudioData(data).catch(() => {
    throw new Error(`${name}: expected a sound, found none that this browser reads`);
  });
  const mean = new Float32Array(sound.length);
  for (let c = 0; c < sound.numberOfChannels; c++) {
    const values = sound.getChannelData(c);
    for (let i = 0; i < mean.length; i++) mean[i]! += values[i]! / sound.numberOfChannels;
  }
  return mean;
}

interface Window {
  readonly seconds: number;
  readonly prediction: Prediction;
}

/** Answers to the windows of a sound, one after the other; what is shorter than a window is followed by silence. */
function windows({ model, facts }: Runner, samples: Float32Array): Window[] {
  const { sampleRate, hop } = facts.sound!;
  const { inputLength } = model;
  const found: Window[] = [];
  model.reset();
  for (let at = 0; at === 0 || at + inputLength <= samples.length; at += hop) {
    const row = new Float32Array(inputLength);
    row.set(samples.subarray(at, at + inputLength));
    found.push({ seconds: at / sampleRate, prediction: model.predict(row) });
  }
  return found;
}

function hear(runner: Runner, samples: Float32Array): void {
  const began = performance.now();
  const found = windows(runner, samples);
  const time = (1000 * (performance.now() - began)) / found.length;
  const surest = found.reduce((best, each) =>
    (each.prediction.score ?? 0) > (best.prediction.score ?? 0) ? each : best,
  );
  const note =
    found.length > 1 ? `the surest of ${found.length} windows, at ${surest.seconds.toFixed(2)} s` : "";
  show(runner, surest.prediction, time, note);
  const { model } = runner;
  byId("windows").replaceChildren(
    ...found
      .slice(0, MOST_WINDOWS)
      .map(({ seconds, prediction }) =>
        make(
          "li",
          {},
          `${seconds.toFixed(2)} s: ${verdict(model, prediction)} ${confidence(model, prediction)}`,
        ),
      ),
  );
}

/** Predicts a file of sound. Throws Error where it is none. */
export async function soundFile(runner: Runner, file: File): Promise<void> {
  hear(runner, await decode(await file.arrayBuffer(), runner.facts.sound!.sampleRate, file.name));
}

async function record(): Promise<Blob> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const parts: Blob[] = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const stopped = new Promise((done) => recorder.addEventListener("stop", done));
  recorder.start();
  setTimeout(() => recorder.stop(), 1000 * RECORD_S);
  await stopped;
  for (const track of stream.getTracks()) track.stop();
  return new Blob(parts);
}

/** The part of the page for sounds. */
export function soundPanel(runner: Runner): void {
  const button = byId<HTMLButtonElement>("record");
  button.textContent = `Record ${RECORD_S} seconds`;
  button.hidden = !navigator.mediaDevices;
  button.addEventListener("click", () =>
    trying(async () => {
      button.disabled = true;
      try {
        const blob = await record();
        hear(runner, await decode(await blob.arrayBuffer(), runner.facts.sound!.sampleRate, "microphone"));
      } finally {
        button.disabled = false;
      }
    }),
  );
}
