/** One reading of both clocks at the same instant, in milliseconds. */
export interface Reading {
  readonly app: number;
  readonly real: number;
}

export interface Pace extends Reading {
  /** Seconds of the app for each second of the viewer. */
  readonly speed: number;
}

/** A difference that a slow answer explains is no other speed. */
const MIN_GAP_MS = 2000;
const MIN_SPEED = 1.5;

/** The pace after another reading. In Azure the speed is 1; a local clock may be faster. */
export function nextPace(before: Pace | null, reading: Reading): Pace {
  if (before === null) return { ...reading, speed: 1 };
  const gap = reading.real - before.real;
  if (gap < MIN_GAP_MS) return { ...reading, speed: before.speed };
  const speed = (reading.app - before.app) / gap;
  return { ...reading, speed: speed >= MIN_SPEED ? speed : 1 };
}

export function appTimeAt(pace: Pace | null, real: number): number {
  return pace === null ? real : pace.app + Math.max(0, real - pace.real) * pace.speed;
}
