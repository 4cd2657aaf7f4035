/** How far a batch is, in a line for people. */

export interface Progress {
  /** Predicted in this run, in parts that are written. */
  readonly rows: number;
  /** Bytes of all files, and of the parts that are written, by this run or an earlier one. */
  readonly bytes: number;
  readonly doneBytes: number;
  /** Bytes of the parts that this run wrote. */
  readonly writtenBytes: number;
  readonly seconds: number;
}

const grouped = (value: number): string => Math.round(value).toLocaleString("en").replaceAll(",", " ");

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.ceil(whole / 60)} min` : `${Math.ceil(whole / 3600)} h`;
}

/** Rows, rows per second, share of the bytes, and time left at the rate at which this run has written. */
export function progressLine({ rows, bytes, doneBytes, writtenBytes, seconds }: Progress): string {
  const share = bytes > 0 ? Math.min(1, doneBytes / bytes) : 1;
  const parts = [`${grouped(rows)} rows`];
  if (seconds > 0 && rows > 0) parts.push(`${grouped(rows / seconds)} rows/s`);
  parts.push(`${Math.floor(100 * share)} %`);
  if (seconds > 0 && writtenBytes > 0) {
    const left = Math.max(0, bytes - doneBytes) / (writtenBytes / seconds);
    parts.push(`${duration(left)} left`);
  }
  return parts.join(", ");
}
