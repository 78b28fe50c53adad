import path from 'node:path';
import type { Command } from 'commander';
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
import { EndWith, WrongCall, type AddCommand, type CommandContext } from './program';
import { sendFrom } from './target';

interface RehearseOptions {
  readonly from?: string;
  readonly days?: string;
  readonly workload?: readonly string[];
  readonly minutes?: readonly string[];
  readonly nodesQuota?: string;
  readonly down?: readonly string[];
  readonly url?: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

const ROOT = path.resolve(__dirname, '..', '..');
const MAX_DAYS = 366;
const DAYS = 31;

/** `nightshift rehearse` */
export const addRehearse: AddCommand = (program, context) => {
  const command = program
    .command('rehearse')
    .description('Play the schedules of this app over days, and print what runs when.');
  addOptions(command).action(async (options: RehearseOptions) => {
    const app = await declaredApp(ROOT, context.environment);
    const { planned, rehearsal } = await rehearseApp(app, options, context);
    const { assumptions } = planned;
    const text =
      options.json === true
        ? `${JSON.stringify({ assumptions, ...rehearsal }, null, 2)}\n`
        : calendarText(rehearsal, assumptions);
    context.write(text);
    if (options.strict === true && !isKept(rehearsal)) throw new EndWith(1);
  });
};

function addOptions(command: Command): Command {
  const each = (value: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    value,
  ];
  return command
    .option('--from <day>', 'first local day, such as 2026-12-01 (default: today)')
    .option('--days <n>', `number of days, up to ${MAX_DAYS} (default: ${DAYS})`)
    .option('--workload <name>', 'only this one; may be repeated', each)
    .option('--minutes <name=n>', 'minutes of work of each run; may be repeated', each)
    .option('--url <url>', 'take the minutes from past runs of the app there')
    .option('--nodes-quota <n>', 'Spot nodes of all runs (default: SPOT_CORE_QUOTA)')
    .option('--down <from/to>', 'no host in this time; may be repeated', each)
    .option('--json', 'print JSON')
    .option('--strict', 'exit code 1 when a run is skipped, missed or fails')
    .addHelpText('after', HELP);
}

const HELP = `
Plays the real triggers, admission, reconciler and workflow of src/main.ts, with
the settings of local.settings.json and the environment, on a model of Batch.
No service is called, but that of --url. See docs/rehearse.md.

  nightshift rehearse --from 2026-12-01 --minutes nightly-report=25
  nightshift rehearse --days 366 --nodes-quota 20 --strict
  nightshift rehearse --down 2026-12-05T10:00/2026-12-07`;

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
