/** Pictures: drawn, dropped, or from the camera, made to the size of the input as `thimble run` makes them. */
import { resize } from "../../runtime/data/resize.ts";
import { answer, type Runner } from "./answer.ts";
import { byId, trying } from "./dom.ts";
import type { PictureLayout } from "./facts.ts";

/** Pixels of the field to draw in. */
const SIDE = 280;
/** Milliseconds between two looks through the camera. */
const LOOK_MS = 250;

/** Grey by the weights of ITU-R BT.601, or red, green and blue; what is transparent counts by its colour. */
function channelsOf({ data, width, height }: ImageData, channels: 1 | 3): Float64Array {
  const values = new Float64Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    if (channels === 1) values[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    else values.set([r, g, b], 3 * i);
  }
  return values;
}

/** Pixels of the input's size, 0 to 255 each, channel by channel within a pixel. */
function fitted(pixels: ImageData, { height, width, channels }: PictureLayout): Float64Array {
  const values = channelsOf(pixels, channels);
  return resize({ width: pixels.width, height: pixels.height, channels, values }, height, width).values;
}

/** Values of the input, in its order. */
function toRow(
  values: Float64Array,
  { height, width, channels, channelsFirst, range }: PictureLayout,
): Float32Array {
  const plane = height * width;
  const [low, high] = range;
  return Float32Array.from(values, (_, i) => {
    const from = channelsFirst ? (i % plane) * channels + Math.floor(i / plane) : i;
    return low + (values[from]! / 255) * (high - low);
  });
}

/** Shows what the model sees. */
function preview(values: Float64Array, { height, width, channels }: PictureLayout): void {
  const canvas = byId<HTMLCanvasElement>("seen");
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(values[i * channels + (c % channels)]!);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

function predict(runner: Runner, pixels: ImageData): void {
  const layout = runner.facts.picture!;
  const inverted = byId<HTMLInputElement>("invert").checked;
  const values = fitted(pixels, layout).map((value) => (inverted ? 255 - value : value));
  preview(values, layout);
  answer(runner, toRow(values, layout));
}

function pixelsOf(source: CanvasImageSource, width: number, height: number): ImageData {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Predicts an image file. Throws Error where it is none. */
export async function pictureFile(runner: Runner, file: File): Promise<void> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name}: expected an image, found none that this browser reads`);
  });
  last = () => predict(runner, pixelsOf(bitmap, bitmap.width, bitmap.height));
  last();
}

/** Repeats the last request, with other settings. */
let last: (() => void) | undefined;

function drawing(runner: Runner): void {
  const canvas = byId<HTMLCanvasElement>("drawing");
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const wipe = (): void => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
  };
  const look = (): void => predict(runner, context.getImageData(0, 0, SIDE, SIDE));
  canvas.width = SIDE;
  canvas.height = SIDE;
  wipe();
  Object.assign(context, { lineWidth: 24, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  const place = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - left) * SIDE) / width, ((event.clientY - top) * SIDE) / height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons === 0) return;
    context.lineTo(...place(event));
    context.stroke();
  });
  canvas.addEventListener("pointerup", () => {
    last = look;
    void trying(look);
  });
  byId("wipe").addEventListener("click", wipe);
}

function camera(runner: Runner): void {
  const button = byId<HTMLButtonElement>("camera");
  const video = byId<HTMLVideoElement>("video");
  let stream: MediaStream | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const end = (): void => {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.hidden = true;
    button.textContent = "Use the camera";
  };
  const begin = async (): Promise<void> => {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    button.textContent = "Stop the camera";
    timer = setInterval(() => {
      const side = Math.min(video.videoWidth, video.videoHeight);
      if (side > 0) void trying(() => predict(runner, pixelsOf(video, video.videoWidth, video.videoHeight)));
    }, LOOK_MS);
  };
  button.hidden = !navigator.mediaDevices;
  button.addEventListener("click", () => void (stream ? end() : trying(begin)));
}

/** The part of the page for pictures. */
export function picturePanel(runner: Runner): void {
  drawing(runner);
  camera(runner);
  byId("invert").addEventListener("change", () => last && void trying(last));
}
