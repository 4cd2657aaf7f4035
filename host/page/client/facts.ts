/** The page's contents: written by host/page/page.ts as JSON, read by the page's script. */
export interface PageFacts {
  readonly name: string;
  /** The module, in base64. */
  readonly module: string;
  readonly bytes: number;
  readonly kind: "picture" | "sound" | "rows";
  /** Pictures only. */
  readonly picture?: PictureLayout;
  /** Sounds only: values in a second, and from one window to the next. */
  readonly sound?: { readonly sampleRate: number; readonly hop: number };
}

/** How an input holds a picture. */
export interface PictureLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly channelsFirst: boolean;
  /** Real values of black and white. */
  readonly range: readonly [low: number, high: number];
}
