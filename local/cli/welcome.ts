import type { Environment } from '../environment';
import { callApp, type NextDue } from './app-api';
import { twoColumns, wrap } from './text';

/** The text that `npm start` prints when everything is up, wrapped to the terminal. */
export async function welcome(
  environment: Environment,
  folder: string,
  columns: number,
): Promise<string> {
  const response = await callApp(`${environment.appUrl}/api/workloads`);
  const { workloads } = (await response.json()) as Pick<Welcome, 'workloads'>;
  return welcomeLines({ ...environment, workloads, folder }, columns).join('\n');
}

/** The part of `GET /api/workloads` that is shown. */
interface Workload {
  readonly name: string;
  readonly schedules: readonly NextDue[];
  readonly blobContainer: string | null;
  readonly after: { readonly nextDueAt: string | null } | null;
  readonly pause: object | null;
}

export interface Welcome extends Pick<Environment, 'appUrl' | 'vaultUrl' | 'pace' | 'clock'> {
  readonly storage: Pick<Environment['storage'], 'blobUrl'>;
  readonly batch: Pick<Environment['batch'], 'url'>;
  readonly workloads: readonly Workload[];
  readonly folder: string;
}

export function welcomeLines(
  { appUrl, storage, batch, vaultUrl, folder, pace, clock, workloads }: Welcome,
  columns: number,
): string[] {
  const speed = pace.speed === 1 ? 'in real time' : `${pace.speed} times as fast as real time`;
  const up = `Nightshift is up. Its clock runs ${speed} and shows ${clock.now().toISOString()}.`;
  return [
    ...wrap(up, columns),
    '',
    `  console  ${appUrl}/api/console`,
    `  app      ${appUrl}/api/runs`,
    `  storage  ${storage.blobUrl}`,
    `  Batch    ${batch.url}`,
    `  vault    ${vaultUrl}`,
    `  state    ${folder}`,
    '',
    ...scheduleLines(workloads, columns),
    'From another terminal, in this folder:',
    ...twoColumns(hints(workloads), columns),
    '',
    'Ctrl-C stops everything; the state stays.',
  ];
}

function scheduleLines(workloads: readonly Workload[], columns: number): string[] {
  const due = workloads.flatMap(dueTimesOf).sort((one, other) => one.at.localeCompare(other.at));
  if (due.length === 0) return [];
  const rows = due.map(({ at, about }) => [at, about] as const);
  return ['Next due times, on this clock:', ...twoColumns(rows, columns), ''];
}

interface Due {
  /** In UTC. */
  readonly at: string;
  readonly about: string;
}

/** The next due time of each schedule, with its local time where that differs. */
function dueTimesOf({ name, schedules, after, pause }: Workload): readonly Due[] {
  const paused = pause === null ? '' : ', paused';
  const own = schedules.flatMap(({ timeZone, nextDueAt, nextDueLocal }) => {
    if (nextDueAt === null || nextDueLocal === null) return [];
    const local = nextDueLocal.endsWith('+00:00') ? '' : ` (${nextDueLocal} ${timeZone})`;
    return [{ at: nextDueAt, about: `${name}${paused}${local}` }];
  });
  if (after === null || after.nextDueAt === null) return own;
  return [...own, { at: after.nextDueAt, about: `${name}${paused}, after others of this time` }];
}

/** The possible calls for the workloads that the app declares. */
function hints(workloads: readonly Workload[]): readonly (readonly [string, string])[] {
  return [
    ...workloads.flatMap(({ name, blobContainer }) =>
      blobContainer === null
        ? []
        : [[`npx nightshift drop ${blobContainer} <file>`, `a file that starts ${name}`] as const],
    ),
    ...workloads
      .filter(({ schedules }) => schedules.length > 0)
      .map(
        ({ name }) => [`npx nightshift start-run ${name} --watch`, `starts ${name} now`] as const,
      ),
    ['npx nightshift runs', 'lists the runs'],
    ['npx nightshift fetch <run>', 'downloads outputs and logs'],
  ];
}
