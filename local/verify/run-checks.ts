import { hasEnded, phasesOf, type Run } from '../cli/runs';
import { contradicted, findingOf, notChecked, type Finding } from './assumption';
import { cancel, newestRuns, outputNames, readRun, start } from './app-client';
import { eventually, follow, upload, type Verification } from './verification';

/** A run that the verification made, with what it was for. */
export interface Observed {
  readonly title: string;
  readonly run: Run;
}

export interface RunsChecked {
  readonly findings: readonly Finding[];
  readonly runs: readonly Observed[];
}

type RunCheck = (verification: Verification) => Promise<RunsChecked>;

const CSV = 'date,visitors\n2026-01-01,10\n2026-01-02,12\n2026-01-03,9\n2026-01-04,14\n';
const MESH = 'v 0 0 1\nv 1 0 0\nv 0 1 0\nv -1 0 0\nf 1 2 3\nf 1 3 4\n';
const BROKEN_MESH = 'v 0 0 one\nf 1 2 3\n';
/** A picture that is not finished before the cancellation. */
const LARGE = { width: 4096, height: 4096, samples: 64 };

const checks: readonly {
  readonly title: string;
  /** Assumptions that the check is about. */
  readonly about: readonly string[];
  readonly check: RunCheck;
}[] = [
  {
    title: 'A run that is started over HTTP',
    about: ['http-run', 'idempotency-key', 'node-set-up', 'batch-rights'],
    check: checkHttpRun,
  },
  { title: 'A run of an uploaded blob', about: ['blob-run'], check: checkBlobRun },
  { title: 'A run whose program fails', about: ['failing-program'], check: checkFailingRun },
  { title: 'A run that is cancelled', about: ['cancel'], check: checkCancelledRun },
];

/** Makes one run after the other, so that a small Spot quota is enough. */
export async function checkRuns(verification: Verification): Promise<RunsChecked> {
  const findings: Finding[] = [];
  const runs: Observed[] = [];
  for (const { title, about, check } of checks) {
    verification.say(title);
    try {
      const checked = await check(verification);
      findings.push(...checked.findings);
      runs.push(...checked.runs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      verification.say(`  ${reason}`);
      findings.push(...about.map((id) => contradicted(id, reason)));
    }
  }
  return {
    findings: [
      ...findings,
      await checkSchedule(verification),
      ...checkLeftovers(runs),
      checkNodeStart(verification, runs),
    ],
    runs,
  };
}

/** A finding for each assumption about runs. */
export function noRunChecked(reason: string): readonly Finding[] {
  const ids = [
    ...checks.flatMap(({ about }) => about),
    'schedule-run',
    'nothing-left',
    'node-start',
  ];
  return ids.map((id) => notChecked(id, reason));
}

async function checkHttpRun(verification: Verification): Promise<RunsChecked> {
  const { app, stamp, made } = verification;
  const name = `verify-${stamp}.csv`;
  await upload(verification, 'reports-in', name, CSV);
  const key = `verify-${stamp}`;
  const runId = await start(app, 'nightly-report', key, { blob: name });
  made.runIds.add(runId);
  const again = await start(app, 'nightly-report', key, { blob: name });
  const run = await follow(verification, runId);
  const logs = (await outputNames(app, runId)).filter((file) => file.startsWith('logs/'));
  const succeeded = run.status === 'succeeded';
  return {
    runs: [{ title: 'HTTP', run }],
    findings: [
      findingOf('http-run', succeeded, endOf(run)),
      findingOf('idempotency-key', again === runId, `the second call returned ${again}`),
      findingOf('node-set-up', succeeded, `set-up with install-node.sh: ${endOf(run)}`),
      findingOf('batch-rights', succeeded && logs.length > 0, `${logs.length} logs were kept`),
    ],
  };
}

async function checkBlobRun(verification: Verification): Promise<RunsChecked> {
  const name = `verify-${verification.stamp}.obj`;
  const run = await runOfBlob(verification, name, MESH);
  if (run === undefined)
    return { runs: [], findings: [contradicted('blob-run', `no run started for ${name}`)] };
  const all = await newestRuns(verification.app, 'render', verification.since);
  const count = all.filter(({ blob }) => blob === name).length;
  const observed = `${count} started; ${endOf(run)}`;
  return {
    runs: [{ title: 'blob', run }],
    findings: [findingOf('blob-run', run.status === 'succeeded' && count === 1, observed)],
  };
}

async function checkFailingRun(verification: Verification): Promise<RunsChecked> {
  const name = `verify-${verification.stamp}-broken.obj`;
  const run = await runOfBlob(verification, name, BROKEN_MESH);
  if (run === undefined)
    return { runs: [], findings: [notChecked('failing-program', `no run started for ${name}`)] };
  const logs = (await outputNames(verification.app, run.runId)).filter((file) =>
    file.startsWith('logs/'),
  );
  const holds =
    run.status === 'failed' && run.cause?.code === 'jobManagerFailed' && logs.length > 0;
  return {
    runs: [{ title: 'failing program', run }],
    findings: [findingOf('failing-program', holds, `${endOf(run)}; ${logs.length} logs were kept`)],
  };
}

async function runOfBlob(
  verification: Verification,
  name: string,
  content: string,
): Promise<Run | undefined> {
  const { app, since, made } = verification;
  await upload(verification, 'inbox', name, content);
  const listed = await eventually(verification, async () =>
    (await newestRuns(app, 'render', since)).find(({ blob }) => blob === name),
  );
  if (listed === undefined) return undefined;
  made.runIds.add(listed.runId);
  return follow(verification, listed.runId);
}

async function checkCancelledRun(verification: Verification): Promise<RunsChecked> {
  const { app, stamp, made } = verification;
  const blob = `verify-${stamp}.obj`;
  const runId = await start(app, 'render', `verify-${stamp}-cancel`, { blob, parameters: LARGE });
  made.runIds.add(runId);
  const watched = await eventually(verification, async () => {
    const seen = await readRun(app, runId);
    return seen.phase === 'watching' || hasEnded(seen) ? (seen.phase ?? seen.status) : undefined;
  });
  await cancel(app, runId);
  const run = await follow(verification, runId);
  const observed = `cancelled while ${watched ?? 'it was queued'}; ${endOf(run)}`;
  return {
    runs: [{ title: 'cancelled', run }],
    findings: [findingOf('cancel', run.status === 'cancelled', observed)],
  };
}

/** Delay of the timer, at most: the app starts, and the run is registered. */
const MAX_TIMER_DELAY_MS = 120_000;

/** Judges the newest run of a due time, which the timer or the reconciler started. */
export async function checkSchedule({
  app,
  since,
  judgesDurations,
}: Verification): Promise<Finding> {
  const twoDaysAgo = new Date(Date.parse(since) - 2 * 86_400_000).toISOString();
  const due = (await newestRuns(app, 'nightly-report', twoDaysAgo)).find(
    ({ dueAt }) => dueAt !== null,
  );
  if (due?.dueAt === undefined || due.dueAt === null) {
    return notChecked(
      'schedule-run',
      'no due time of nightly-report has passed in two days; verify again after 02:00',
    );
  }
  const delayMs = Date.parse(due.startedAt ?? due.createdAt) - Date.parse(due.dueAt);
  const observed = `due ${due.dueAt}, ${due.status}, ${Math.round(delayMs / 1000)} s later`;
  return findingOf(
    'schedule-run',
    due.status !== 'missed' && (!judgesDurations || delayMs <= MAX_TIMER_DELAY_MS),
    observed,
  );
}

function checkLeftovers(runs: readonly Observed[]): readonly Finding[] {
  if (runs.length === 0) return [notChecked('nothing-left', 'no run ended')];
  const left = runs.flatMap(({ run }) =>
    (run.record?.cleanedUp ?? [])
      .filter(({ resource, state }) => resource !== 'outputs' && state !== 'deleted')
      .map(({ id, state }) => `${id} ${state}`),
  );
  const observed = left.length === 0 ? `nothing of ${runs.length} runs` : left.join(', ');
  return [findingOf('nothing-left', left.length === 0, observed)];
}

const MAX_NODE_START_MINUTES = 20;

/** The shortest phase `watching` of a successful run bounds the time that a node took from above. */
function checkNodeStart({ judgesDurations }: Verification, runs: readonly Observed[]): Finding {
  if (!judgesDurations)
    return notChecked('node-start', 'nodes of the local environment are processes of this machine');
  const minutes = runs
    .flatMap(({ run: { status, record } }) =>
      status === 'succeeded' && record !== null ? phasesOf(record) : [],
    )
    .filter(({ phase }) => phase === 'watching')
    .map(({ seconds }) => seconds / 60);
  if (minutes.length === 0) return notChecked('node-start', 'no run succeeded');
  const shortest = Math.min(...minutes);
  const observed = `${shortest.toFixed(1)} minutes from the request for the pool to the end of all tasks`;
  return findingOf('node-start', shortest <= MAX_NODE_START_MINUTES, observed);
}

function endOf({ runId, status, cause }: Run): string {
  return `${runId} ${status}${cause === null ? '' : `: ${cause.code}, ${cause.message}`}`;
}
