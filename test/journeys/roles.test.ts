import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEnvironment } from '../../local/environment';
import { drop } from '../../local/outside';
import type { Seen } from '../../local/roles/access';
import { allows, builtInRoles, isRoleName } from '../../local/roles/built-in';
import type { Run } from '../../local/runs';
import { callsOfApp } from '../infra/rights/calls';
import { grantedIn } from '../infra/rights/grants';
import {
  begin,
  closeWorld,
  ended,
  eventually,
  freshFolder,
  optionsOf,
  show,
  worldAt,
  type World,
} from './environment';

/** Roles matter here as they do in Azure: the app has those of the deployment, and no other right. */

vi.setConfig({ testTimeout: 240_000 });

const roles = grantedIn('plain')
  .grants.filter(({ who }) => who === 'app')
  .map(({ role }) => role);
const DELEGATION =
  'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';

const without = new Set<string>();
const seen: Seen[] = [];
const worlds: World[] = [];

async function strictWorld(name: string): Promise<World> {
  const folder = freshFolder(name);
  const lines: string[] = [];
  const environment = await startEnvironment({
    ...(await optionsOf({ name, folder })),
    access: { roles, without, note: (one) => seen.push(one) },
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

/** Rights that the host needs for its queues, whatever the app does. */
function isOfApp(right: string): boolean {
  return !right.includes('/queueServices/');
}

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
  await where.blobs
    .getContainerClient('runs')
    .getBlobClient('locks/nightly-report')
    .deleteIfExists();
  return run;
}

function words({ cause, waitingFor }: Run): string {
  return JSON.stringify([cause, waitingFor]);
}

let used: readonly string[] = [];

test('with the roles of the deployment a whole run passes, and asks for no right that the source does not show', async () => {
  const run = await ended(world, await begin(world, 'nightly-report'));
  expect(run.status).toBe('succeeded');
  expect(seen.filter(({ isAllowed }) => !isAllowed)).toEqual([]);

  used = [...new Set(seen.map(({ right }) => right.name))].filter(isOfApp);
  const shown = new Set(callsOfApp().flatMap(({ rights }) => rights.map(({ name }) => name)));
  expect(used.filter((right) => !shown.has(right))).toEqual([]);
  expect(used).toEqual(
    expect.arrayContaining([
      DELEGATION,
      'Microsoft.Batch/batchAccounts/pools/write',
      'Microsoft.Batch/batchAccounts/jobs/delete',
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
    ]),
  );
});

/** An answer to HEAD has no words; what the vault says is not passed on. Both name the role all the same. */
const NAMED_BY_ROLE_ALONE = [
  'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
  'Microsoft.KeyVault/vaults/secrets/getSecret/action',
];

/** What a run without a right comes to, and what it says of it. */
function toldBy(right: string, run: Run) {
  const said = words(run);
  const asked = /give it the role ([A-Z][A-Za-z ]+[a-z])/.exec(said)?.[1] ?? '';
  const planes = ['action', 'dataAction'] as const;
  const namesRight = NAMED_BY_ROLE_ALONE.includes(right) || said.includes(`allows ${right}`);
  // The role that the run asks for is one that would help.
  const asksForRoleThatHelps =
    isRoleName(asked) &&
    planes.some((plane) => allows(builtInRoles[asked], { plane, name: right }));
  const isWellTold = run.status !== 'succeeded' && namesRight && asksForRoleThatHelps;
  return { right, isWellTold, said: isWellTold ? '' : `${run.status}: ${said}` };
}

const WELL_TOLD = { isWellTold: true, said: '' };

test('without any single one of those rights the run does not succeed, and says which role is missing for what', async () => {
  // The key that signs lasts for days, so its right is tried in a world that has none yet.
  const tried = used.filter((right) => right !== DELEGATION);
  expect(tried.length).toBeGreaterThan(10);
  for (const right of tried) {
    expect(toldBy(right, await refusedRun(world, right))).toEqual({ right, ...WELL_TOLD });
  }
});

test('without the right to a delegation key no node is given an address', async () => {
  const run = await refusedRun(await strictWorld('roles-signing'), DELEGATION);
  expect(toldBy(DELEGATION, run)).toEqual({ right: DELEGATION, ...WELL_TOLD });
});

test('a run that was stopped half way for want of a right goes on when it is given back', async () => {
  const right = 'Microsoft.Batch/batchAccounts/pools/delete';
  const { runId } = await refusedRun(world, right);
  const run = await ended(world, runId);
  expect([run.status, run.record?.cleanedUp.find(({ what }) => what === 'pool')?.how]).toEqual([
    'succeeded',
    'gone',
  ]);
});
