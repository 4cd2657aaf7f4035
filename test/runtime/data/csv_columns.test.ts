/** Tables by the names of their columns, and files that only look as if they held samples. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import wavefile from "wavefile";
import { type Dataset, parseCsv, readDataset, readSamplesOf } from "../../../host/runtime/data/index.ts";
import { scratchFolder } from "../../support/folders.ts";

const folder = scratchFolder();

const features = ["width", "height", "depth"];
const plain = ({ rows, labels, targets }: Dataset) => ({
  rows: rows.map((row) => [...row]),
  ...(labels && { labels }),
  ...(targets && { targets: targets.map((row) => [...row]) }),
});
const refuses = (text: string, message: string, labels?: readonly string[]): void =>
  assert.throws(() => parseCsv(text, 3, "x.csv", { features, ...(labels && { labels }) }), {
    name: "DataError",
    message,
  });

describe("columns whose names are known", () => {
  test("are taken by name, whatever their order and whatever else there is", () => {
    const text = "depth,id,label,height,width\n3,77,cat,2,1\n6,78,dog,5,4\n";
    const found = parseCsv(text, 3, "x.csv", { features });
    assert.deepEqual(plain(found), {
      rows: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      labels: ["cat", "dog"],
    });
    assert.deepEqual(found.columns, features);
    assert.deepEqual(found.others, ["id"]);
  });

  test("are refused by name where they are missing or stand there twice", () => {
    refuses(
      "width,height,thickness\n1,2,3\n",
      'x.csv:1: expected columns "depth", found "thickness" instead',
    );
    refuses(
      "a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n",
      'x.csv:1: expected columns "width", "height", "depth", found "a", "b", "c", "d", "e" and 2 more instead',
    );
    refuses("width,height,depth,depth\n1,2,3,3\n", 'x.csv:1: expected one column "depth", found several');
  });

  test("are in order where the table has no names", () => {
    assert.deepEqual(plain(parseCsv("1,2,3\n", 3, "x.csv", { features })), { rows: [[1, 2, 3]] });
  });

  test("a bad cell is named by its own column", () => {
    refuses("depth,height,width\n3,x,1\n", 'x.csv:2: column height: expected a number, found "x"');
  });
});

test("where a row of `thimble features` comes from is no feature", () => {
  const read = (text: string) => parseCsv(text, 2, "x.csv");
  assert.deepEqual(plain(read("f0,f1,file,frame\n1,2,a.wav,0\n3,4,a.wav,1\n")), {
    rows: [
      [1, 2],
      [3, 4],
    ],
  });
  const labelled = read("f0,f1,label,file,frame\n1,2,yes,a.wav,0\n");
  assert.deepEqual(plain(labelled), { rows: [[1, 2]], labels: ["yes"] });
  assert.deepEqual(labelled.others, ["file", "frame"]);
  assert.throws(() => read("f0,f1,f2,file,frame\n1,2,3,a.wav,0\n"), /x\.csv:1: expected 2 columns/);
  assert.throws(() => read("f0,f1,frame,file\n1,2,0,a.wav\n"), /x\.csv:1: expected 2 columns/);
});

describe("the column of labels", () => {
  test("may be any, by name", () => {
    const text = "diagnosis,a,b\nill,1,2\n";
    assert.deepEqual(plain(parseCsv(text, 2, "x.csv", { labels: ["diagnosis"] })), {
      rows: [[1, 2]],
      labels: ["ill"],
    });
  });

  test("may be several, which are numbers then", () => {
    const found = parseCsv("p,a,q\n0.5,1,2\n", 1, "x.csv", { labels: ["q", "p"] });
    assert.deepEqual(plain(found), { rows: [[1]], targets: [[2, 0.5]] });
    assert.throws(() => parseCsv("p,a,q\nx,1,2\n", 1, "x.csv", { labels: ["q", "p"] }), {
      message: 'x.csv:2: column p: expected a number, found "x"',
    });
  });

  test("is refused where there is none of that name", () => {
    const text = "width,height,depth,kind\n1,2,3,x\n";
    refuses(text, 'x.csv:1: expected columns "class", found "width", "height", "depth", "kind" instead', [
      "class",
    ]);
    refuses("1,2,3\n", 'x.csv:1: expected column names, among them "class"; found numbers', ["class"]);
  });
});

test("files of other programs are refused with what makes one that can be read", () => {
  const path = (name: string): string => {
    writeFileSync(join(folder, name), "PAR1 and more bytes");
    return join(folder, name);
  };
  for (const [name, message] of [
    [
      "a.parquet",
      /expected .csv, .npy, .npz, raw float32 or a folder, found Parquet; Python: pandas\.read_parquet/,
    ],
    ["a.bin", /found Parquet/],
    ["a.joblib", /found a pickle; Python: numpy\.savez/],
    ["a.pkl", /found a pickle/],
    ["a.xlsx", /found Excel/],
    ["a.json", /found JSON/],
  ] as const)
    assert.throws(() => readDataset(path(name), 2), { name: "DataError", message });
});

test("a folder of sounds is no table", () => {
  const sounds = join(folder, "sounds");
  mkdirSync(sounds);
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, 16000, "16", new Int16Array(16000));
  writeFileSync(join(sounds, "one.wav"), wav.toBuffer());
  const input = (length: number) => [{ name: "x", shape: [1, length] }];
  assert.throws(() => readSamplesOf(sounds, input(30)), {
    message: /one\.wav: expected about 30 samples, as many as the model's input has values, found 16000/,
  });
  assert.equal(readSamplesOf(sounds, input(16000)).rows[0]!.length, 16000);
});
