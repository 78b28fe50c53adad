import { computed, signal } from '@preact/signals';
import { appTimeAt, nextPace, type Pace } from './pace';

/** The time of the viewer and of the app, which a local environment may run faster. */

const TICK_MS = 1000;

/** Milliseconds of the viewer's clock; they advance while the page is visible. */
export const realNow = signal(0);

const pace = signal<Pace | null>(null);

/** Milliseconds of the app's clock. */
export const appNow = computed(() => appTimeAt(pace.value, realNow.value));

let read = (): Date => new Date(0);

export function startClock(readTime: () => Date): void {
  read = readTime;
  const tick = () => {
    if (!document.hidden) realNow.value = read().getTime();
  };
  realNow.value = read().getTime();
  setInterval(tick, TICK_MS);
  document.addEventListener('visibilitychange', tick);
}

export function timeNow(): number {
  return read().getTime();
}

/** Notes the time that the app showed in an answer. */
export function noteAppTime(asOf: string): void {
  pace.value = nextPace(pace.value, { app: Date.parse(asOf), real: timeNow() });
}
