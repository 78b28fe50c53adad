/**
 * The clock of the local environment, which the Batch stand-in and the Functions host share.
 * Storage and identity check dates (SAS, tokens) in real time. There are three kinds: real, faster
 * by a factor (`scaledClock`), stepped by a test (`SteppedClock`).
 */
export interface Clock {
  now(): Date;
  /** Calls `wake` once when the clock shows `at` or later. Returns a function that cancels it. */
  at(at: Date, wake: () => void): () => void;
}

/** The pace of a scaled clock. Plain numbers, so that two processes can share the same clock. */
export interface ClockPace {
  /** Seconds of clock time for each real second; 1 is real time. */
  readonly speed: number;
  /** The real time (Unix milliseconds) at which the clock showed `clockEpoch`. */
  readonly realEpoch: number;
  /** The time of the clock (Unix milliseconds) at `realEpoch`. */
  readonly clockEpoch: number;
}

/** A pace that starts from the real time, now. */
export function paceFromNow(speed: number): ClockPace {
  const now = Date.now();
  return { speed, realEpoch: now, clockEpoch: now };
}

/** setTimeout overflows beyond this and fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** A clock that runs by itself, `pace.speed` times as fast as the real one. */
export function scaledClock(pace: ClockPace): Clock {
  const read = () => pace.clockEpoch + (Date.now() - pace.realEpoch) * pace.speed;

  return {
    now: () => new Date(read()),
    at(at, wake) {
      let timer: NodeJS.Timeout;
      const arm = () => {
        const realMs = Math.ceil((at.getTime() - read()) / pace.speed);
        if (realMs <= 0) timer = setTimeout(wake, 0);
        else if (realMs <= LONGEST_TIMEOUT_MS)
          timer = setTimeout(() => (read() >= at.getTime() ? wake() : arm()), realMs);
        else timer = setTimeout(arm, LONGEST_TIMEOUT_MS);
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}

/** The machine's own time. */
export const realClock: Clock = scaledClock({ speed: 1, realEpoch: 0, clockEpoch: 0 });

interface Alarm {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that does not move until a test steps it. */
export class SteppedClock implements Clock {
  #now: number;
  #alarms: Alarm[] = [];

  constructor(start: Date | string) {
    this.#now = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  at(at: Date, wake: () => void): () => void {
    const alarm = { at: at.getTime(), wake };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** The time of the next alarm, or undefined when there is none. */
  next(): Date | undefined {
    const due = this.#alarms.map((alarm) => alarm.at);
    return due.length === 0 ? undefined : new Date(Math.min(...due));
  }

  /** Moves to `to`, ringing each alarm on the way at its own time, in order of time. */
  stepTo(to: Date): void {
    for (;;) {
      const due = this.#alarms
        .filter((alarm) => alarm.at <= to.getTime())
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== due);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
    }
    this.#now = Math.max(this.#now, to.getTime());
  }

  step(milliseconds: number): void {
    this.stepTo(new Date(this.#now + milliseconds));
  }
}
