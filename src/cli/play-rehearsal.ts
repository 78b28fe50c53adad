import { pastMinutes } from '../client/past-runs';
import { calendarText } from '../rehearse/calendar-text';
import {
  planRehearsal,
  WrongRehearsal,
  type DeclaredApp,
  type PlannedRehearsal,
  type RehearsalOptions,
} from '../rehearse/plan-rehearsal';
import { rehearse } from '../rehearse/rehearsal';
import { isKept, type Rehearsal } from '../rehearse/tally';
import { declaredApp } from './declared-app';
import { EndWith, WrongCall, type CommandContext } from './program';
import { DAYS, MAX_DAYS, type RehearseOptions } from './rehearse-options';
import { sendFrom } from './target';

/** Plays the schedules of the app in a folder. It loads the app, which other commands do not need. */
export async function playRehearsal(
  root: string,
  options: RehearseOptions,
  context: CommandContext,
): Promise<{ readonly text: string; readonly isKept: boolean }> {
  const app = await declaredApp(root, context.environment);
  const { planned, rehearsal } = await rehearseApp(app, options, context);
  const { assumptions } = planned;
  const text =
    options.json === true
      ? `${JSON.stringify({ assumptions, ...rehearsal }, null, 2)}\n`
      : calendarText(rehearsal, assumptions);
  return { text, isKept: isKept(rehearsal) };
}

async function rehearseApp(
  app: DeclaredApp,
  options: RehearseOptions,
  context: CommandContext,
): Promise<{ readonly planned: PlannedRehearsal; readonly rehearsal: Rehearsal }> {
  const chosen = app.workloads.filter(({ name }) => options.workload?.includes(name) ?? true);
  const names = options.url === undefined ? [] : chosen.map(({ name }) => name);
  const past: Record<string, readonly number[]> = {};
  for (const name of names) past[name] = await pastMinutes(sendFrom(context, options), name);
  const planned = plannedOrRefused(app, rehearsalOptions(options, past, context), context);
  return { planned, rehearsal: await rehearse(planned.plan) };
}

function plannedOrRefused(
  app: DeclaredApp,
  options: RehearsalOptions,
  { writeError }: CommandContext,
): PlannedRehearsal {
  try {
    return planRehearsal(app, options);
  } catch (error) {
    if (!(error instanceof WrongRehearsal)) throw error;
    if (error.of === 'option') throw new WrongCall(error.message);
    writeError(`${error.message}\n`);
    throw new EndWith(1);
  }
}

function rehearsalOptions(
  { from, days, workload = [], minutes = [], nodesQuota, down = [] }: RehearseOptions,
  past: RehearsalOptions['past'],
  context: CommandContext,
): RehearsalOptions {
  return {
    from: from === undefined ? null : dayIn(from),
    days: days === undefined ? DAYS : numberIn('--days', days, 1, MAX_DAYS),
    workloads: workload,
    minutes: Object.fromEntries(minutes.map(minutesIn)),
    past,
    spotNodes: nodesQuota === undefined ? null : numberIn('--nodes-quota', nodesQuota, 0, 1e6),
    down,
    now: context.now(),
  };
}

function dayIn(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
  if (isDay && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)) return text;
  throw new WrongCall(`--from must be a day such as 2026-12-01, not ${JSON.stringify(text)}`);
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new WrongCall(`${option} must be ${least} to ${most}, not ${JSON.stringify(text)}`);
}

const MOST_MINUTES = 8640;

function minutesIn(text: string): readonly [string, number] {
  const [, name = '', number = ''] = /^([a-z][a-z0-9-]*)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const minutes = Number(number);
  if (name !== '' && minutes > 0 && minutes <= MOST_MINUTES) return [name, minutes];
  throw new WrongCall(
    `--minutes must be a workload and its minutes, such as nightly-report=25, not ${JSON.stringify(text)}`,
  );
}
