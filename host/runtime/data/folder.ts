/** A folder of files of one kind, each a sample; in folders per class their names are the labels. */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkSize, DataError, type Dataset, MAX_BYTES } from "./dataset.ts";
import { readBytes } from "./files.ts";
import { imageDecoder } from "./image.ts";
import type { InputInfo, MediaOptions } from "./media.ts";
import { soundDecoder } from "./sound.ts";

const IMAGE = /\.(png|jpe?g)$/i;
const SOUND = /\.wav$/i;

/** A file, and the name of its folder where that is a class. */
export interface Found {
  readonly file: string;
  readonly label?: string;
}

function list(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError(`${folder}: expected a folder, found one that can't be read (${code})`);
  }
}

/** Files in the folder, or in its folders, by name; other kinds of file are left alone. */
export function filesOf(folder: string, kept: (name: string) => boolean): Found[] {
  return list(folder).flatMap((entry): Found[] => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return kept(entry.name) ? [{ file: path }] : [];
    return list(path).flatMap(({ name }) =>
      kept(name) ? [{ file: join(path, name), label: entry.name }] : [],
    );
  });
}

/**
 * Images or sounds as samples of the model's only input.
 * @throws DataError on a folder of neither or of both, a model that takes no such, and damaged files
 */
export function readFolder(folder: string, inputs: readonly InputInfo[], options: MediaOptions): Dataset {
  const files = filesOf(folder, (name) => IMAGE.test(name) || SOUND.test(name));
  const images = files.filter(({ file }) => IMAGE.test(file));
  if (files.length === 0 || (images.length > 0 && images.length < files.length)) {
    const found = files.length === 0 ? "none" : `${images.length} images among ${files.length} files`;
    throw new DataError(`${folder}: expected .png and .jpg images, or .wav files; found ${found}`);
  }
  const labelled = files.filter(({ label }) => label !== undefined).length;
  if (labelled > 0 && labelled < files.length)
    throw new DataError(`${folder}: expected all files in folders by class, or none; found ${labelled}`);
  const decode = images.length > 0 ? imageDecoder(folder, inputs, options) : soundDecoder(folder, inputs);
  checkSize(
    folder,
    files.length,
    inputs[0]!.shape.reduce((product, n) => product * n, 1),
  );
  const rows = files.map(({ file }) => decode(readBytes(file, MAX_BYTES), file));
  const bad = rows.findIndex((row) => !row.every(Number.isFinite));
  if (bad >= 0) {
    const found = rows[bad]!.find((value) => !Number.isFinite(value));
    throw new DataError(`${files[bad]!.file}: expected finite samples, found ${found}`);
  }
  return { rows, ...(labelled > 0 && { labels: files.map(({ label }) => label!) }) };
}
