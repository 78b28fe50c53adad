import type { Delivery, Notice } from '../ledger/notices';
import type { OccurrenceRow } from '../ledger/rows';

/** The metrics, and what an ended run or a notice adds to them. Pure. */

export interface Instrument {
  readonly kind: 'counter' | 'histogram';
  /** In the notation of UCUM. */
  readonly unit: string;
  readonly description: string;
}

/** Bounds of the buckets of times, in seconds: from a second to half a day. */
export const BUCKET_SECONDS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 21_600, 43_200];

export const instruments = {
  'nightshift.runs': {
    kind: 'counter',
    unit: '{run}',
    description: 'Occurrences that became final, by outcome',
  },
  'nightshift.run.queue_time': {
    kind: 'histogram',
    unit: 's',
    description: 'Time from the registration of an occurrence to the start of its run',
  },
  'nightshift.node_minutes': {
    kind: 'counter',
    unit: 'min',
    description: 'Minutes of nodes that runs took, by kind of node',
  },
  'nightshift.evictions': {
    kind: 'counter',
    unit: '{node}',
    description: 'Spot nodes that Azure took back',
  },
  'nightshift.notices': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts to deliver notices, by event and result',
  },
} as const satisfies Record<string, Instrument>;

export type InstrumentName = keyof typeof instruments;

export interface Point {
  readonly name: InstrumentName;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Run ids are not among the attributes: each would be a time series of its own. */
export function pointsOfEnd(row: OccurrenceRow): readonly Point[] {
  const { workload, state, code, nodeMinutes, dedicatedMinutes = 0, preemptions = 0 } = row;
  const outcome = { workload, outcome: state, ...(code !== null && { code }) };
  const nodes: readonly (readonly [string, number])[] = [
    ['spot', nodeMinutes - dedicatedMinutes],
    ['dedicated', dedicatedMinutes],
  ];
  return [
    { name: 'nightshift.runs', value: 1, attributes: outcome },
    ...queueTime(row),
    ...nodes
      .filter(([, minutes]) => minutes > 0)
      .map(([kind, value]): Point => {
        return { name: 'nightshift.node_minutes', value, attributes: { workload, kind } };
      }),
    ...(preemptions > 0
      ? [{ name: 'nightshift.evictions', value: preemptions, attributes: { workload } } as const]
      : []),
  ];
}

function queueTime({ workload, knownAt, startedAt }: OccurrenceRow): readonly Point[] {
  if (startedAt === null) return [];
  const seconds = Math.max(0, (Date.parse(startedAt) - Date.parse(knownAt)) / 1000);
  return [{ name: 'nightshift.run.queue_time', value: seconds, attributes: { workload } }];
}

export function pointsOfNotice(
  { event, to, data: { workload } }: Notice,
  { kind }: Delivery,
): readonly Point[] {
  const attributes = { workload, event, to, result: kind };
  return [{ name: 'nightshift.notices', value: 1, attributes }];
}
