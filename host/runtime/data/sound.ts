/** Sounds as samples: WAV files of PCM or float, mono, cut or padded to what the model takes. */
import wavefile from "wavefile";
import { DataError } from "./dataset.ts";
import { type Decode, decoding, type InputInfo } from "./media.ts";

/** Full scale, by the names that wavefile gives sample formats; 8 bits are unsigned. */
const FULL_SCALE: Readonly<Record<string, number>> = {
  "8": 2 ** 7,
  "16": 2 ** 15,
  "24": 2 ** 23,
  "32": 2 ** 31,
  "32f": 1,
  "64": 1,
};

/** A sound may be so many times as long as what the model takes: what is beyond is cut off. */
const MOST_CUT = 4;

/** Sounds of a file: values of -1 to 1 by channel, and how many there are in a second. */
export interface Sound {
  readonly channels: readonly Float64Array[];
  readonly sampleRate: number;
}

/** The sounds of a WAV file. Throws DataError, or whatever the decoder throws where the file is damaged. */
export function readWav(bytes: Uint8Array, path: string): Sound {
  const wav = new wavefile.WaveFile(bytes);
  const scale = FULL_SCALE[wav.bitDepth];
  if (scale === undefined) {
    const found = JSON.stringify(String(wav.bitDepth).slice(0, 20));
    throw new DataError(`${path}: expected PCM of 8 to 32 bits or float samples, found format ${found}`);
  }
  const found = wav.getSamples(false, Float64Array) as unknown as Float64Array | Float64Array[];
  const channels = Array.isArray(found) ? found : [found];
  const middle = wav.bitDepth === "8" ? scale : 0;
  const { sampleRate } = wav.fmt as { readonly sampleRate: number };
  return { channels: channels.map((values) => values.map((value) => (value - middle) / scale)), sampleRate };
}

/**
 * A decoder of sounds for a model's only input, of one axis. Rates are taken as they are.
 * @throws DataError where the model takes no sound
 */
export function soundDecoder(path: string, inputs: readonly InputInfo[]): Decode {
  const [input, ...others] = inputs;
  const length = input?.shape.reduce((product, n) => product * n, 1) ?? 0;
  if (!input || others.length > 0 || length !== Math.max(...input.shape)) {
    const found = inputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new DataError(`${path}: sounds need one input of one axis of samples, found ${found}`);
  }
  return (bytes, file) => {
    const { channels } = decoding(file, "a WAV file", () => readWav(bytes, file));
    if (channels.length === 0 || channels[0]!.length === 0)
      throw new DataError(`${file}: expected a WAV file with samples, found none`);
    if (channels[0]!.length > MOST_CUT * length) {
      const found = `${channels[0]!.length}`;
      throw new DataError(
        `${file}: expected about ${length} samples, as many as the model's input has values, found ${found}: ` +
          "a model of features needs those in a table, or .npy",
      );
    }
    return Float32Array.from({ length }, (_, i) => {
      const sum = channels.reduce((total, values) => total + (values[i] ?? 0), 0);
      return sum / channels.length;
    });
  };
}
