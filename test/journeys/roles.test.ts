import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEnvironment } from '../../local/environment';
import { drop } from '../../local/cli/storage-access';
import type { CheckedRequest } from '../../local/roles/access';
import { allows, builtInRoles, isRoleName } from '../../local/roles/built-in';
import type { Run } from '../../local/cli/runs';
import { callsOfApp } from '../infra/rights/calls';
import { grantedIn } from '../infra/rights/grants';
import {
  ask,
  begin,
  closeWorld,
  ended,
  eventually,
  freshFolder,
  optionsOf,
  planRead,
  pull,
  runsOf,
  show,
  worldAt,
  type World,
} from './environment';

/** Roles matter here as they do in Azure: the app has those of the deployment, and no other right. */

vi.setConfig({ testTimeout: 900_000 });

const roles = grantedIn('plain')
  .grants.filter(({ who }) => who === 'app')
  .map(({ role }) => role);
const CLIENT_ID = '33333333-3333-4333-8333-333333333333';
const DELEGATION =
  'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';

const without = new Set<string>();
const seen: CheckedRequest[] = [];
const worlds: World[] = [];

async function strictWorld(name: string): Promise<World> {
  const folder = freshFolder(name);
  const lines: string[] = [];
  const environment = await startEnvironment({
    ...(await optionsOf({ name, folder })),
    access: { roles, without, onChecked: (one) => seen.push(one) },
    log: (part, line) => lines.push(`${part}: ${line}`),
  });
  const world = worldAt(environment, folder, lines, () => environment.stop());
  worlds.push(world);
  await drop(world.blobs, 'reports-in', 'rain.csv', 'day,mm\n2030-01-01,3\n');
  return world;
}

let world: World;
beforeAll(async () => {
  world = await strictWorld('roles');
});
afterAll(async () => {
  for (const one of worlds) await closeWorld(one);
});

const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
/** Rights that the host needs for itself, whatever the app does. */
const OF_HOST = [`${QUEUES}/write`, `${QUEUES}/messages/process/action`];
/** Of the workloads that are shipped, none installs an application package. */
const OF_OTHER_WORKLOADS = [
  'Microsoft.Batch/batchAccounts/applications/read',
  'Microsoft.Batch/batchAccounts/applications/versions/read',
];
/** Rights that only the run of a due time uses. */
const OF_DUE_TIMES = ['Microsoft.Batch/batchAccounts/jobSchedules/read'];
/** The local host keeps its histories elsewhere, and there is no Application Insights here. */
const ROLES_OF_AZURE_ALONE = ['Monitoring Metrics Publisher'];
/** Rights that only the reconciler uses, for what is past its retention. */
const OF_RECONCILER = ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'];
const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';

/** A run that a right is taken from: what it says of itself once it has been refused. */
async function refusedRun(where: World, right: string): Promise<Run> {
  without.add(right);
  seen.splice(0);
  const runId = await begin(where, 'nightly-report');
  const run = await eventually(where, `a refusal for want of ${right}`, async () => {
    const isRefused = seen.some((one) => !one.isAllowed && one.right.name === right);
    const current = await show(where, runId);
    // What stops the bill is tried for hours, and says meanwhile what stands in its way.
    const isTold = current.cause !== null || /cannot|may not/.test(current.waitingFor ?? '');
    return isRefused && isTold ? current : undefined;
  });
  without.delete(right);
  // The next run of the workload is skipped while this one is active.
  await ended(where, runId);
  return run;
}

function words({ cause, waitingFor }: Run): string {
  return JSON.stringify([cause, waitingFor]);
}

let used: readonly string[] = [];

test('with the roles of the deployment a whole run succeeds, and uses only rights that the source code shows', async () => {
  const run = await ended(world, await begin(world, 'nightly-report'));
  expect(run.status).toBe('succeeded');
  expect(seen.filter(({ isAllowed }) => !isAllowed)).toEqual([]);

  const asked = [...new Set(seen.map(({ right }) => right.name))];
  used = asked.filter((right) => !OF_HOST.includes(right));
  const shown = new Set(callsOfApp().flatMap(({ rights }) => rights.map(({ name }) => name)));
  expect([...used, ...OF_OTHER_WORKLOADS, ...OF_DUE_TIMES, ...OF_RECONCILER].toSorted()).toEqual(
    [...shown].toSorted(),
  );
  expect(asked.filter((right) => OF_HOST.includes(right)).toSorted()).toEqual(OF_HOST.toSorted());
  const idle = roles.filter((role) => !seen.some(({ right }) => allows(builtInRoles[role], right)));
  expect(idle.toSorted()).toEqual(ROLES_OF_AZURE_ALONE);
});

/** What a run without a right comes to, and what it says of it. */
function toldBy(right: string, run: Run) {
  const said = words(run);
  const asked = /this requires the action ([\w./]+); assign it the role ([\w ]+) there/.exec(said);
  const [, named = '', role = ''] = asked ?? [];
  const planes = ['action', 'dataAction'] as const;
  // The role that the run asks for is one that would help.
  const roleHelps =
    isRoleName(role) && planes.some((plane) => allows(builtInRoles[role], { plane, name: right }));
  const saysWho = said.includes(`denied access to the identity ${CLIENT_ID}`);
  const isWellTold = run.status !== 'succeeded' && named === right && roleHelps && saysWho;
  return { right, isWellTold, said: isWellTold ? '' : `${run.status}: ${said}` };
}

const WELL_TOLD = { isWellTold: true, said: '' };

test('without any single one of those rights the run fails, and names the right, the identity and the role that has it', async () => {
  // The key that signs lasts for days, so its right is tried in a world that has none yet.
  // Without a right on the ledger no run starts at all.
  const tried = used.filter((right) => right !== DELEGATION && !right.startsWith(TABLES));
  expect(tried.length).toBeGreaterThan(10);
  for (const right of tried) {
    expect(toldBy(right, await refusedRun(world, right))).toEqual({ right, ...WELL_TOLD });
  }
});

test.each([`${TABLES}/entities/read`, `${TABLES}/entities/write`])(
  'without %s no run starts, and the answer names the role',
  async (right) => {
    without.add(right);
    const { status, body } = await ask(world, 'POST /api/runs/nightly-report', {});
    without.delete(right);

    expect([status, body]).toEqual([
      500,
      expect.objectContaining({
        title: 'accessDenied',
        detail: expect.stringContaining('the role Storage Table Data Contributor'),
      }),
    ]);
  },
);

test('without the right to a delegation key no node gets an address with a SAS', async () => {
  const run = await refusedRun(await strictWorld('roles-signing'), DELEGATION);
  expect(toldBy(DELEGATION, run)).toEqual({ right: DELEGATION, ...WELL_TOLD });
});

test('a run that is blocked by a missing right continues when the right is restored', async () => {
  const right = 'Microsoft.Batch/batchAccounts/pools/delete';
  const { runId } = await refusedRun(world, right);
  const run = await ended(world, runId);
  expect([
    run.status,
    run.record?.cleanedUp.find(({ resource }) => resource === 'pool')?.state,
  ]).toEqual(['succeeded', 'deleted']);
});

test.each(OF_HOST)(
  'without %s, which the host itself needs, no file starts a run and the log names the right, until it is restored',
  async (right) => {
    without.add(right);
    const where = await strictWorld('roles-host');
    await drop(where.blobs, 'inbox', 'a.obj', 'v 0 0 1\nv 1 0 0\nv 0 1 0\nf 1 2 3\n');
    const refused = () => where.lines.filter((line) => isRefusal(line, right));
    await eventually(where, `refusals for want of ${right}`, async () => refused()[1]);
    expect(await runsOf(where, 'render')).toEqual([]);
    without.delete(right);
    await eventually(where, 'a run of render', async () => (await runsOf(where, 'render'))[0]);
  },
);

function isRefusal(line: string, right: string): boolean {
  return line.includes(': 403 for ') && line.includes(right);
}

test('a plan shows the present quotas of the account, or names the missing right to read them [GD15]', async () => {
  await pull(world, 'PUT /quotas', { lowPriorityCores: 12, pools: 7 });
  expect(await planRead(world, 'nightly-report')).toContain(
    '\n  quotas    12 Spot cores, 1000 dedicated cores, 7 pools, 300 active jobs at\n            most\n',
  );

  const right = 'Microsoft.Batch/batchAccounts/read';
  without.add(right);
  const refused = await ask(world, 'POST /api/plans/nightly-report', {});
  without.delete(right);
  expect((refused.body as { account: unknown }).account).toEqual({
    quotas: { spotCores: null, dedicatedCores: null, pools: null, jobs: null },
    defaultVersions: {},
    unavailableReason: expect.stringMatching(
      new RegExp(
        `^cannot read quotas and default versions: .* denied access to the identity ${CLIENT_ID}: .*; this requires the action ${right}; assign it the role Azure Batch Data Contributor there$`,
      ),
    ),
  });
});
