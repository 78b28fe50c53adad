import { DefaultAzureCredential } from '@azure/identity';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../clock';
import { runCommand, type CommandLine, type Values } from '../command-line';
import { verifyCommand } from '../cli/commands';
import { LOCAL_STATE, ROOT } from '../cli/folders';
import { counted } from '../cli/text';
import { UserError } from '../error-line';
import { isLoopback } from '../http';
import { checkAlert } from './alert-check';
import type { AppClient } from './app-client';
import { notChecked, type Finding } from './assumption';
import { assumptions } from './assumptions';
import { allNotChecked, checkBatch } from './batch-checks';
import { batchOf, blobsOf, type Places } from './connections';
import { checkPlans, type Planned } from './plan-checks';
import { countOf, markdownOf, type Report } from './report';
import { checkRuns, noRunChecked, type RunsChecked } from './run-checks';
import { cleanUp, type Verification } from './verification';

type Options = typeof verifyCommand extends CommandLine<infer Known> ? Values<Known> : never;

const POLL_EVERY_MS = 10_000;
const LOCAL_POLL_EVERY_MS = 500;
const MINUTE_MS = 60_000;
/** A rule on logs is evaluated every 15 minutes, and lines arrive minutes late. */
const ALERT_MINUTES = 40;

/** `npm run verify -- --url <app>`: checks what cannot be proved without a subscription. */
runCommand(verifyCommand, async (options) => {
  const app: AppClient = { url: options.url.replace(/\/+$/, ''), key: keyFrom(options) };
  const { storage, batch, folder = LOCAL_STATE } = options;
  const places: Places = { url: app.url, storage, batch, folder };
  const planned = await checkPlans(app);
  await agreeOnCost(options, planned);
  const verification = verificationOf(options, app, places);
  const since = verification.since;
  const checked = await checkRunsAndCleanUp(verification);
  const findings: readonly Finding[] = [
    ...planned.findings,
    ...checked.findings,
    await alertFinding(options, since),
    ...(await batchFindings(places, planned.vmSize, verification.stamp)),
  ];
  return write(options, {
    target: app.url,
    isLocal: isLoopback(app.url),
    at: since,
    assumptions,
    findings,
    runs: checked.runs,
  });
});

/** No option has the key itself: other users of the machine can list the arguments of a process. */
function keyFrom({ 'key-file': file }: Options): string | undefined {
  return file === undefined
    ? process.env['NIGHTSHIFT_KEY'] || undefined
    : readFileSync(file, 'utf8').trim();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @throws UserError when nobody agreed to the cost of an app that is not local */
async function agreeOnCost(
  { url, yes }: Options,
  { capNodeMinutes, capCost }: Planned,
): Promise<void> {
  const money = capCost === null ? '' : `, ${capCost.toFixed(2)} in your currency`;
  say(
    `This makes four runs of one to three nodes, one after the other: usually about 40 node-minutes,\nat most ${counted(capNodeMinutes, 'node-minute')}${money}, if everything goes wrong. It deletes what it makes.`,
  );
  if (yes || isLoopback(url)) return;
  if (!process.stdin.isTTY)
    throw new UserError('nothing was started: add --yes to agree to the cost');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Continue? (y/N) ');
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('nothing was started');
}

function verificationOf(options: Options, app: AppClient, places: Places): Verification {
  const now = realClock.now();
  const pollEveryMs = isLoopback(app.url) ? LOCAL_POLL_EVERY_MS : POLL_EVERY_MS;
  return {
    app,
    blobs: blobsOf(places),
    stamp: now.toISOString().slice(0, 19).replaceAll(/\D/g, ''),
    since: now.toISOString(),
    say,
    sleep: (milliseconds) => sleep(milliseconds),
    pollEveryMs,
    maxPolls: Math.ceil((Number(options.wait) * MINUTE_MS) / pollEveryMs),
    judgesDurations: !isLoopback(app.url),
    made: { blobs: [], runIds: new Set() },
  };
}

async function checkRunsAndCleanUp(verification: Verification): Promise<RunsChecked> {
  if (verification.blobs === null) {
    const reason = 'no input could be uploaded: name the storage with --storage';
    return { findings: noRunChecked(reason), runs: [] };
  }
  const stop = () => {
    say('\nStopping: runs are cancelled and uploaded files deleted.');
    void cleanUp(verification).finally(() => process.exit(130));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await checkRuns(verification);
  } finally {
    await cleanUp(verification);
  }
}

async function alertFinding(options: Options, since: string): Promise<Finding> {
  const resourceGroup = options['resource-group'];
  if (resourceGroup === undefined) {
    const reason =
      'name the resource group with --resource-group, or look at the alerts in the portal';
    return notChecked('alert-fires', reason);
  }
  say('The alert on failed runs');
  return checkAlert({
    management: options.management,
    credential: new DefaultAzureCredential(),
    resourceGroup,
    since,
    sleep: (milliseconds) => sleep(milliseconds),
    polls: ALERT_MINUTES,
  });
}

async function batchFindings(
  places: Places,
  vmSize: string | null,
  stamp: string,
): Promise<readonly Finding[]> {
  const batch = batchOf(places);
  if (batch === null) return allNotChecked('name the Batch account with --batch');
  if (vmSize === null) return allNotChecked('no plan named a VM size');
  say('The Batch service, on a pool without nodes');
  return checkBatch(batch, vmSize, `verify-${stamp}`);
}

function write({ to }: Options, report: Report): number {
  const folder = to ?? join(ROOT, 'out', 'verify');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.md');
  writeFileSync(file, markdownOf(report));
  const contradicted = countOf(report, 'contradicted');
  say(
    `${countOf(report, 'confirmed')} assumptions confirmed, ${contradicted} contradicted, ${countOf(report, 'notChecked')} not checked: ${relative(process.cwd(), file)}`,
  );
  return contradicted === 0 ? 0 : 1;
}
