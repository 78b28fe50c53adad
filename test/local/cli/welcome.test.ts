import { expect, test } from 'vitest';
import { welcomeLines, type Welcome } from '../../../local/cli/welcome';

const workload = { schedules: [], blobContainer: null, after: null, pause: null };

function schedule(nextDueAt: string | null, nextDueLocal: string | null, timeZone = 'UTC') {
  return { timeZone, nextDueAt, nextDueLocal };
}

const welcome: Welcome = {
  appUrl: 'http://localhost:7071',
  storage: { blobUrl: 'https://127.0.0.1:10000/devstoreaccount1' },
  batch: { url: 'http://127.0.0.1:10003' },
  vaultUrl: 'https://127.0.0.1:10004',
  folder: '/work/.nightshift/local',
  pace: { speed: 20, realEpoch: 0, clockEpoch: 0 },
  clock: { now: () => new Date('2030-01-02T03:04:05Z'), at: () => () => {} },
  workloads: [
    {
      ...workload,
      name: 'count-words',
      schedules: [schedule('2030-01-04T02:00:00.000Z', '2030-01-04T02:00:00+00:00')],
    },
    {
      ...workload,
      name: 'invoices',
      schedules: [
        schedule('2030-01-03T01:00:00.000Z', '2030-01-03T02:00:00+01:00', 'Europe/Berlin'),
        schedule(null, null),
      ],
    },
    {
      ...workload,
      name: 'totals',
      after: { nextDueAt: '2030-01-06T01:00:00.000Z' },
      pause: { reason: 'stocktaking' },
    },
    { ...workload, name: 'index', after: { nextDueAt: null } },
    { ...workload, name: 'thumbnails', blobContainer: 'photos' },
  ],
};

test('the welcome names the declared workloads and when each schedule is due next', () => {
  expect(welcomeLines(welcome, 80)).toEqual([
    'Nightshift is up. Its clock runs 20 times as fast as real time and shows',
    '2030-01-02T03:04:05.000Z.',
    '',
    '  console  http://localhost:7071/api/console',
    '  app      http://localhost:7071/api/runs',
    '  storage  https://127.0.0.1:10000/devstoreaccount1',
    '  Batch    http://127.0.0.1:10003',
    '  vault    https://127.0.0.1:10004',
    '  state    /work/.nightshift/local',
    '',
    'Next due times, on this clock:',
    '  2030-01-03T01:00:00.000Z  invoices (2030-01-03T02:00:00+01:00 Europe/Berlin)',
    '  2030-01-04T02:00:00.000Z  count-words',
    '  2030-01-06T01:00:00.000Z  totals, paused, after others of this time',
    '',
    'From another terminal, in this folder:',
    '  npx nightshift drop photos <file>             a file that starts thumbnails',
    '  npx nightshift start-run count-words --watch  starts count-words now',
    '  npx nightshift start-run invoices --watch     starts invoices now',
    '  npx nightshift runs                           lists the runs',
    '  npx nightshift fetch <run>                    downloads outputs and logs',
    '',
    'Ctrl-C stops everything; the state stays.',
  ]);
});

test('no line of the welcome is wider than a terminal of 80 columns', () => {
  expect(welcomeLines(welcome, 80).filter((line) => line.length > 80)).toEqual([]);
});

test('for an app without schedules and triggers the welcome shows how to list runs', () => {
  const lines = welcomeLines({ ...welcome, workloads: [] }, 120);

  expect(lines.slice(9)).toEqual([
    'From another terminal, in this folder:',
    '  npx nightshift runs         lists the runs',
    '  npx nightshift fetch <run>  downloads outputs and logs',
    '',
    'Ctrl-C stops everything; the state stays.',
  ]);
});
