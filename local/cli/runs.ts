/** The app's own API, as a caller sees it. */

/** The part of `GET /api/runs/{id}` that is shown here. */
export interface Run {
  readonly runId: string;
  readonly workload: string;
  readonly status:
    | 'queued'
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    | 'timedOut'
    | 'skipped'
    | 'missed';
  readonly phase: string | null;
  readonly waitingFor: string | null;
  readonly tasks: {
    readonly active: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
  } | null;
  readonly nodes: { readonly [state: string]: number } | null;
  readonly nodeMinutes: number;
  readonly createdAt: string;
  /** Null for a run that has not started. */
  readonly startedAt: string | null;
  /** Null for a run that has not ended. */
  readonly endedAt: string | null;
  readonly timeline: readonly { readonly phase: string; readonly at: string }[];
  readonly cause: { readonly code: string; readonly message: string } | null;
  /** The due time, for a run of a schedule. */
  readonly dueAt: string | null;
  readonly record: RunRecord | null;
}

export interface RunRecord {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly timeline: Run['timeline'];
  readonly nodeMinutes: number;
  readonly preemptions: number;
  readonly results: readonly { readonly name: string; readonly bytes: number }[];
  readonly outputContainer: string;
  readonly outputsKeptUntil: string | null;
  readonly cleanedUp: readonly {
    readonly resource: string;
    readonly id: string;
    readonly state: string;
  }[];
}

/** The phases of a recorded run with their durations, the end aside. */
export function phasesOf({ timeline, endedAt }: Pick<RunRecord, 'timeline' | 'endedAt'>): readonly {
  readonly phase: string;
  readonly seconds: number;
}[] {
  return timeline
    .filter(({ phase }) => phase !== 'ended')
    .map(({ phase, at }, index) => {
      const until = timeline[index + 1]?.at ?? endedAt;
      return { phase, seconds: (Date.parse(until) - Date.parse(at)) / 1000 };
    });
}

export async function listRuns(appUrl: string, workload: string): Promise<readonly Run[]> {
  const answer = await request(`${appUrl}/api/runs?workload=${encodeURIComponent(workload)}`);
  return (answer as { runs: Run[] }).runs;
}

export async function getRun(appUrl: string, runId: string): Promise<Run> {
  return (await request(`${appUrl}/api/runs/${encodeURIComponent(runId)}`)) as Run;
}

export async function startRun(appUrl: string, workload: string): Promise<string> {
  const answer = await request(`${appUrl}/api/runs/${encodeURIComponent(workload)}`, {
    method: 'POST',
  });
  return (answer as { runId: string }).runId;
}

async function request(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  if (response.ok) return response.json();
  throw new Error(
    `${init.method ?? 'GET'} ${url} answered ${response.status}: ${await response.text()}`,
  );
}

export function hasEnded(run: Run): boolean {
  return run.status !== 'queued' && run.status !== 'running';
}
