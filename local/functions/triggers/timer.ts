import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../clock';
import { optionsOf } from '../catalog';
import type { Log } from '../log';
import type { Runner } from '../runner';
import type { TypedData } from '../wire';
import { parseSchedule, type Schedule } from './ncrontab';
import { withRetries } from './retry';
import { isoLocal } from './wall-time';
import { formatError } from '../../errors';
import type { HostedFunction } from '../hosted-function';

/**
 * One timer function: it runs when it is due, never twice at once, and stores its next due time, so
 * that a time missed while the host was down is made up for, once.
 */
export class TimerTrigger {
  readonly #schedule: Schedule;
  readonly #isMonitored: boolean;
  readonly #runsOnStartup: boolean;
  #status: TimerStatus;
  #cancelAlarm = () => {};
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(
    readonly fn: HostedFunction,
    readonly options: TimerOptions,
  ) {
    const { schedule, useMonitor, runOnStartup } = optionsOf(fn, binding);
    this.#schedule = parse(schedule, fn.name, options.timeZone);
    this.#isMonitored = useMonitor !== false && !this.#schedule.isSubMinute;
    this.#runsOnStartup = runOnStartup === true;
    this.#status = this.#begin();
  }

  /** The next due time, or undefined when the schedule has none. */
  get nextDue(): Date | undefined {
    const due = new Date(this.#status.Next);
    return due.getTime() >= END_OF_TIME ? undefined : due;
  }

  start(): void {
    const { clock } = this.options;
    // A schedule that was changed in the meantime has its next time in the future by now.
    const isPastDue = this.#isMonitored && clock.now().getTime() > Date.parse(this.#status.Next);
    if (isPastDue) this.#fire({ isPastDue: true, isStartup: false });
    else if (this.#runsOnStartup) this.#fire({ isPastDue: false, isStartup: true });
    else this.#arm();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelAlarm();
    await this.#running;
  }

  /** The status to continue from: the stored one, unless the schedule has changed. */
  #begin(): TimerStatus {
    const now = this.options.clock.now();
    const stored = this.#isMonitored ? this.#read() : undefined;
    if (stored === undefined)
      return this.#keep({ last: undefined, next: this.#nextAfter(now), updated: now });

    const from = stored.Last.startsWith(NEVER) ? stored.LastUpdated : stored.Last;
    const expected = this.#nextAfter(new Date(from));
    if (expected.getTime() === Date.parse(stored.Next)) return stored;
    const next = expected.getTime() < now.getTime() ? this.#nextAfter(now) : expected;
    return this.#keep({ last: undefined, next, updated: now });
  }

  #nextAfter(time: Date): Date {
    // A schedule without further times waits for a date that no clock here reaches.
    return this.#schedule.next(time) ?? new Date(END_OF_TIME);
  }

  #arm(): void {
    if (this.#isStopped) return;
    const due = this.nextDue;
    if (due === undefined) return;
    this.#cancelAlarm = this.options.clock.at(due, () =>
      this.#fire({ isPastDue: false, isStartup: false }),
    );
  }

  #fire(cause: Cause): void {
    this.#running = this.#run(cause).finally(() => {
      this.#running = undefined;
    });
  }

  async #run({ isPastDue, isStartup }: Cause): Promise<void> {
    const { clock, runner } = this.options;
    const started = clock.now();
    const status = this.#isMonitored ? this.#status : null;
    const call = {
      input: timerInput(status, isPastDue),
      triggerMetadata: { TimerTrigger: { string: started.toString() } },
      subject: isPastDue ? '(past due)' : isStartup ? '(at start)' : '',
    };
    await withRetries(this.fn, clock, (retryContext) =>
      runner.run(this.fn, { ...call, ...(retryContext === undefined ? {} : { retryContext }) }),
    ).catch(() => undefined);

    // The timer may have fired slightly early: then the next time counts from its due time.
    const due = new Date(this.#status.Next);
    const isEarly = !isPastDue && !isStartup && due.getTime() > started.getTime();
    const last = isEarly ? due : started;
    // Counted from the last time, unless the run took longer than that: missed times are skipped.
    const ended = clock.now();
    const following = this.#nextAfter(last);
    this.#status = this.#keep({ last, next: following, updated: last });
    if (following.getTime() <= ended.getTime())
      this.#status = { ...this.#status, Next: this.#iso(this.#nextAfter(ended)) };
    this.#arm();
  }

  #keep(times: { last: Date | undefined; next: Date; updated: Date }): TimerStatus {
    const status: TimerStatus = {
      Last: times.last === undefined ? `${NEVER}-01-01T00:00:00` : this.#iso(times.last),
      Next: this.#iso(times.next),
      LastUpdated: this.#iso(times.updated),
    };
    const file = this.#file;
    if (!this.#isMonitored || file === undefined) return status;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.draft`, JSON.stringify(status));
    fs.renameSync(`${file}.draft`, file);
    return status;
  }

  #read(): TimerStatus | undefined {
    const file = this.#file;
    if (file === undefined || !fs.existsSync(file)) return undefined;
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8')) as TimerStatus;
    } catch {
      this.options.log(
        'warning',
        `The status of timer ${this.fn.name} cannot be read; the timer starts without one.`,
      );
      return undefined;
    }
  }

  /** Unlike Azure: a separate file; there a blob in the host's storage account. */
  get #file(): string | undefined {
    const { dataFolder } = this.options;
    return dataFolder === undefined
      ? undefined
      : path.join(dataFolder, 'timers', `${this.fn.name}.json`);
  }

  #iso(time: Date): string {
    return isoLocal(time, this.options.timeZone);
  }
}

export interface TimerOptions {
  readonly clock: Clock;
  readonly runner: Runner;
  readonly log: Log;
  /** Folder of statuses; without it they are lost at the end of the process. */
  readonly dataFolder: string | undefined;
  /** Time zone of the schedule; undefined: that of the machine. */
  readonly timeZone: string | undefined;
}

/** The input of a timer function. */
export function timerInput(status: TimerStatus | null, isPastDue: boolean): TypedData {
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: status,
      IsPastDue: isPastDue,
    }),
  };
}

export interface TimerStatus {
  readonly Last: string;
  readonly Next: string;
  readonly LastUpdated: string;
}

const binding = z.looseObject({
  schedule: z.string(),
  useMonitor: z.boolean().optional(),
  runOnStartup: z.boolean().optional(),
});

interface Cause {
  readonly isPastDue: boolean;
  readonly isStartup: boolean;
}

/** .NET's smallest time means never. */
const NEVER = '0001';
const END_OF_TIME = Date.UTC(9999, 0);

function parse(schedule: string, name: string, timeZone: string | undefined): Schedule {
  try {
    return parseSchedule(schedule, timeZone);
  } catch (cause) {
    throw new Error(`The schedule of ${name} cannot be used: ${formatError(cause)}`, { cause });
  }
}
