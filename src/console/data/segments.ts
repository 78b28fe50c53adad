import type { RunView } from '../../api/schemas/run';

/** A stretch of a run on its timeline, in milliseconds. */
export interface Segment {
  readonly kind: string;
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

const LABELS: Readonly<Record<string, string>> = {
  admitting: 'waiting',
  staging: 'staging',
  provisioning: 'asking for nodes',
  submitting: 'submitting',
  harvesting: 'collecting',
  cleaningUp: 'cleaning up',
};

/** The stretches of a run up to its end, or to now. Work begins with the first task that starts. */
export function segmentsOf(
  run: Pick<RunView, 'createdAt' | 'startedAt' | 'endedAt' | 'timeline'>,
  firstTaskAt: number | null,
  now: number,
): readonly Segment[] {
  const end = run.endedAt === null ? now : Date.parse(run.endedAt);
  const marks = run.timeline.map(({ phase, at }) => ({
    phase: phase as string,
    at: Date.parse(at),
  }));
  const first = marks[0]?.at ?? end;
  const created = Date.parse(run.createdAt);
  const queued = {
    kind: 'admitting',
    label: 'waiting',
    from: created,
    to: Math.max(first, created),
  };
  const phases = marks.flatMap(({ phase, at }, index) => {
    if (phase === 'ended') return [];
    const to = Math.max(at, marks[index + 1]?.at ?? end);
    if (phase === 'watching') return working(at, to, firstTaskAt);
    return [{ kind: phase, label: LABELS[phase] ?? phase, from: at, to }];
  });
  return merged([queued, ...phases]).filter(({ from, to }) => to > from);
}

function working(from: number, to: number, firstTaskAt: number | null): readonly Segment[] {
  const start = firstTaskAt === null ? to : Math.min(Math.max(firstTaskAt, from), to);
  return [
    { kind: 'nodes', label: 'nodes coming', from, to: start },
    { kind: 'watching', label: 'working', from: start, to },
  ];
}

/** Stretches of one kind that follow each other are one. */
function merged(segments: readonly Segment[]): readonly Segment[] {
  const all: Segment[] = [];
  for (const segment of segments) {
    const last = all.at(-1);
    if (last?.kind === segment.kind) all[all.length - 1] = { ...last, to: segment.to };
    else all.push(segment);
  }
  return all;
}
