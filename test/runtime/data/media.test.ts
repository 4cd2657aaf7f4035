/** Samples in archives and folders: what they become, and that damaged ones are refused in one line. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { zipSync } from "fflate";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import wavefile from "wavefile";
import { DataError, type InputInfo, parseNpz, readSamplesOf } from "../../../host/runtime/data/index.ts";
import { resize } from "../../../host/runtime/data/resize.ts";
import { scratchFolder } from "../../support/folders.ts";
import { generator, mutate } from "./mutate.ts";

const scratch = scratchFolder();

function write(path: string, bytes: Uint8Array): string {
  const file = join(scratch, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

const folder = (name: string): string => join(scratch, name);
const input = (...shape: number[]): InputInfo[] => [{ name: "x", shape }];
const near = (found: ArrayLike<number>, expected: readonly number[], by = 1e-6): void => {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(found[i]! - value) <= by, `${Array.from(found)}, expected ${expected}`);
  });
};

/** A picture from its pixels' colours. */
function png(width: number, colours: readonly (readonly [number, number, number])[]): Buffer {
  const image = new PNG({ width, height: colours.length / width });
  colours.forEach((colour, i) => {
    image.data.set([...colour, 255], 4 * i);
  });
  return PNG.sync.write(image);
}

const BLACK = [0, 0, 0] as const;
const WHITE = [255, 255, 255] as const;
const RED = [255, 0, 0] as const;

function npy(values: readonly number[], shape: readonly number[]): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  return Buffer.concat([start, length, Buffer.from(header), Buffer.from(Float32Array.from(values).buffer)]);
}

function wav(channels: readonly (readonly number[])[], depth = "16"): Uint8Array {
  const file = new wavefile.WaveFile();
  file.fromScratch(channels.length, 8000, depth, channels as unknown as number[]);
  return file.toBuffer();
}

describe(".npz", () => {
  const inputs = [
    { name: "a", shape: [1, 2] },
    { name: "b", shape: [1] },
  ];
  const [pairs, singles] = [npy([1, 2, 3, 4], [2, 2]), npy([5, 6], [2])];
  const rowsOf = (archive: Record<string, Uint8Array>): number[][] =>
    parseNpz(zipSync(archive), inputs).rows.map((row) => [...row]);

  test("arrays by the names of inputs, whatever their order", () => {
    assert.deepEqual(rowsOf({ "b.npy": singles, "a.npy": pairs }), [
      [1, 2, 5],
      [3, 4, 6],
    ]);
  });

  test("other names in order", () => {
    assert.deepEqual(rowsOf({ "arr_0.npy": pairs, "arr_1.npy": singles })[1], [3, 4, 6]);
  });

  test("an array of labels beside them", () => {
    const archive = zipSync({ "p.npy": pairs, "q.npy": singles, "y.npy": npy([7, 0], [2]) });
    assert.deepEqual(parseNpz(archive, inputs).labels, ["7", "0"]);
  });

  test("what does not fit is refused", () => {
    for (const [archive, message] of [
      [{ "a.npy": pairs }, 'x.npz: expected arrays "a", "b", or as many in order; found "a"'],
      [
        { "a.npy": pairs, "b.npy": npy([1], [1]) },
        'x.npz: expected 2 samples in every array, found 1 in "b"',
      ],
      [{ "readme.txt": pairs }, 'x.npz: expected arrays "a", "b", or as many in order; found none'],
    ] as const)
      assert.throws(() => parseNpz(zipSync(archive), inputs, "x.npz"), new DataError(message));
  });

  test("damage of any kind is a DataError", () => {
    const below = generator(11);
    const whole = zipSync({ "a.npy": pairs, "b.npy": singles });
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      try {
        parseNpz(mutate(whole, below), inputs);
      } catch (error) {
        assert.ok(error instanceof DataError, String(error));
        refused++;
      }
    }
    assert.ok(refused > 100, `${refused} refused`);
  });
});

describe("images", () => {
  test("pixels in rows, channels last, from 0 to 1", () => {
    write("rgb/a.png", png(2, [RED, BLACK, WHITE, BLACK]));
    const { rows, labels } = readSamplesOf(folder("rgb"), input(1, 2, 2, 3));
    assert.deepEqual([...rows[0]!], [1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0]);
    assert.equal(labels, undefined);
  });

  test("channels first, where the model has them so", () => {
    const { rows } = readSamplesOf(folder("rgb"), input(1, 3, 2, 2));
    assert.deepEqual([...rows[0]!], [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
  });

  test("grey, in another range, smaller by the mean of an area", () => {
    const { rows } = readSamplesOf(folder("rgb"), input(1, 1, 1, 1), { imageRange: [-1, 1] });
    near(rows[0]!, [(2 * (0.299 + 1)) / 4 - 1]);
  });

  test("folders are classes, files come by name, others are left alone", () => {
    write("classes/two/b.png", png(1, [WHITE]));
    write("classes/one/z.PNG", png(1, [BLACK]));
    write("classes/one/notes.txt", Buffer.from("x"));
    const { rows, labels } = readSamplesOf(folder("classes"), input(1, 1, 1, 1));
    assert.deepEqual(labels, ["one", "two"]);
    near(
      rows.map(([value]) => value!),
      [0, 1],
    );
  });

  test("JPEG", () => {
    const data = Buffer.alloc(4 * 64, 200);
    write("jpeg/a.jpg", jpeg.encode({ width: 8, height: 8, data }, 90).data);
    near(readSamplesOf(folder("jpeg"), input(1, 1, 1, 3)).rows[0]!, [200 / 255, 200 / 255, 200 / 255], 0.01);
  });

  test("what is no image for the model is refused", () => {
    const refuses = (name: string, inputs: readonly InputInfo[], message: string): void =>
      assert.throws(() => readSamplesOf(folder(name), inputs), new DataError(`${folder(name)}${message}`));
    refuses("rgb", input(1, 64), ": images need one input [1, height, width, 1 or 3], found [1,64]");
    write("mixed/a.png", png(1, [BLACK]));
    write("mixed/a.wav", wav([[1]]));
    refuses(
      "mixed",
      input(1, 1, 1, 1),
      ": expected .png and .jpg images, or .wav files; found 1 images among 2 files",
    );
    write("half/a.png", png(1, [BLACK]));
    write("half/c/a.png", png(1, [BLACK]));
    refuses("half", input(1, 1, 1, 1), ": expected all files in folders by class, or none; found 1");
    mkdirSync(folder("empty"));
    refuses("empty", input(1, 1, 1, 1), ": expected .png and .jpg images, or .wav files; found none");
    const huge = png(1, [BLACK]);
    huge.writeUInt32BE(2 ** 30, 16);
    write("huge/a.png", huge);
    refuses(
      "huge",
      input(1, 1, 1, 1),
      "/a.png: expected an image of at most 16777216 pixels, found 1073741824x1",
    );
  });

  test("damage of any kind is a DataError", () => {
    const below = generator(5);
    const pixels = Array.from({ length: 64 }, (_, i) => [i, 3 * i, 255 - i] as const);
    const data = Buffer.from(pixels.flatMap((pixel) => [...pixel, 255]));
    for (const [name, whole] of [
      ["damaged.png", png(8, pixels)],
      ["damaged.jpg", jpeg.encode({ width: 8, height: 8, data }, 50).data],
    ] as const) {
      let refused = 0;
      for (let i = 0; i < 300; i++) {
        write(`${name}/${name}`, mutate(whole, below));
        try {
          readSamplesOf(folder(name), input(1, 4, 4, 3));
        } catch (error) {
          assert.ok(error instanceof DataError, String(error));
          assert.doesNotMatch(error.message, /\n/);
          refused++;
        }
      }
      assert.ok(refused > 50, `${name}: ${refused} refused`);
    }
  });
});

test("resizing keeps a constant, is exact for whole factors and linear between pixels", () => {
  const line = (values: number[], width: number): number[] => {
    const picture = { width: values.length, height: 1, channels: 1, values: Float64Array.from(values) };
    return [...resize(picture, 1, width).values];
  };
  near(line([4, 4, 4, 4, 4], 3), [4, 4, 4]);
  near(line([1, 3, 5, 7], 2), [2, 6]);
  near(line([0, 3, 6], 2), [1, 5]);
  near(line([0, 4], 4), [0, 1, 3, 4]);
  assert.deepEqual(line([1, 2, 3], 3), [1, 2, 3]);
});

describe("sounds", () => {
  test("16 bits to -1..1, padded with silence or cut", () => {
    write("wav/a.wav", wav([[16384, -32768, 0]]));
    near(readSamplesOf(folder("wav"), input(1, 5)).rows[0]!, [0.5, -1, 0, 0, 0]);
    near(readSamplesOf(folder("wav"), input(1, 2, 1)).rows[0]!, [0.5, -1]);
  });

  test("channels become their mean; other sample formats", () => {
    write(
      "stereo/a.wav",
      wav([
        [16384, 0],
        [0, -16384],
      ]),
    );
    near(readSamplesOf(folder("stereo"), input(2)).rows[0]!, [0.25, -0.25]);
    write("bytes/a.wav", wav([[128, 192, 0]], "8"));
    near(readSamplesOf(folder("bytes"), input(3)).rows[0]!, [0, 0.5, -1]);
    write("float/a.wav", wav([[0.25, -1]], "32f"));
    near(readSamplesOf(folder("float"), input(2)).rows[0]!, [0.25, -1]);
  });

  test("a model of images takes no sound, one of sounds no compressed file", () => {
    assert.throws(
      () => readSamplesOf(folder("wav"), input(1, 8, 8, 1)),
      new DataError(`${folder("wav")}: sounds need one input of one axis of samples, found [1,8,8,1]`),
    );
    const file = new wavefile.WaveFile(wav([[1, 2, 3, 4]]));
    file.toALaw();
    const path = write("alaw/a.wav", file.toBuffer());
    assert.throws(
      () => readSamplesOf(folder("alaw"), input(1, 4)),
      new DataError(`${path}: expected PCM of 8 to 32 bits or float samples, found format "8a"`),
    );
  });

  test("damage of any kind is a DataError", () => {
    const below = generator(3);
    const whole = wav([Array.from({ length: 40 }, (_, i) => 500 * i)]);
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      write("damaged.wav/a.wav", mutate(whole, below));
      try {
        readSamplesOf(folder("damaged.wav"), input(1, 8));
      } catch (error) {
        assert.ok(error instanceof DataError, String(error));
        refused++;
      }
    }
    assert.ok(refused > 50, `${refused} refused`);
  });
});
