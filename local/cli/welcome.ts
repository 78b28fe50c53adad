import type { Environment } from '../environment';
import { blobTriggers, dueTimes, listFunctions, type AppFunction } from './app-functions';
import { twoColumns, wrap } from './text';

/** The text that `npm start` prints when everything is up, wrapped to the terminal. */
export async function welcome(
  environment: Environment,
  folder: string,
  columns: number,
): Promise<string> {
  const functions = await listFunctions(environment.appUrl);
  return welcomeLines({ ...environment, functions, folder }, columns).join('\n');
}

export interface Welcome extends Pick<Environment, 'appUrl' | 'vaultUrl' | 'pace' | 'clock'> {
  readonly storage: Pick<Environment['storage'], 'blobUrl'>;
  readonly batch: Pick<Environment['batch'], 'url'>;
  readonly functions: readonly AppFunction[];
  readonly folder: string;
}

export function welcomeLines(
  { appUrl, storage, batch, vaultUrl, folder, pace, clock, functions }: Welcome,
  columns: number,
): string[] {
  const speed = pace.speed === 1 ? 'in real time' : `${pace.speed} times as fast as real time`;
  const up = `Nightshift is up. Its clock runs ${speed} and shows ${clock.now().toISOString()}.`;
  return [
    ...wrap(up, columns),
    '',
    `  app      ${appUrl}/api/runs`,
    `  storage  ${storage.blobUrl}`,
    `  Batch    ${batch.url}`,
    `  vault    ${vaultUrl}`,
    `  state    ${folder}`,
    '',
    ...scheduleLines(functions, columns),
    'From another terminal, in this folder:',
    ...twoColumns(hints(functions, appUrl), columns),
    '',
    'Ctrl-C stops everything; the state stays.',
  ];
}

function scheduleLines(functions: readonly AppFunction[], columns: number): string[] {
  const due = dueTimes(functions);
  if (due.length === 0) return [];
  const rows = due.map(({ workload, at }) => [at, workload] as const);
  return ['Next due times, on this clock:', ...twoColumns(rows, columns), ''];
}

/** The possible calls for the workloads that the app declares. */
function hints(
  functions: readonly AppFunction[],
  appUrl: string,
): readonly (readonly [string, string])[] {
  return [
    ...blobTriggers(functions).map(
      ({ container, workload }) =>
        [`npm run drop -- ${container} <file>`, `a file that starts ${workload}`] as const,
    ),
    ...dueTimes(functions).map(
      ({ workload }) =>
        [`curl -X POST ${appUrl}/api/runs/${workload}`, `starts ${workload} now`] as const,
    ),
    [`curl ${appUrl}/api/runs`, 'lists the runs'],
    ['npm run fetch -- <run id>', 'downloads outputs and logs'],
  ];
}
