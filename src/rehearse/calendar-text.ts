import type { Assumptions } from './assumptions';
import type { Delayed } from './delayed';
import type { DaySummary, Rehearsal, WorkloadSummary } from './tally';
import { timeText, weekdayOf } from './time-text';

/** A rehearsal as text of 80 columns: what is assumed, a line a day, the workloads, the months. */
export function calendarText(rehearsal: Rehearsal, assumptions: Assumptions): string {
  const parts = [
    headerOf(rehearsal, assumptions),
    calendarOf(rehearsal.days),
    workloadsOf(rehearsal.workloads, assumptions),
    sumsOf(rehearsal, assumptions),
    delayedOf(rehearsal, assumptions.zone),
    errorsOf(rehearsal),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const COLUMNS = 80;
const NONE = '.';

function headerOf({ days }: Rehearsal, assumptions: Assumptions): readonly string[] {
  const { zone, workloads } = assumptions;
  const [first, last] = [days[0]?.day ?? '', days.at(-1)?.day ?? ''];
  const span = days.length === 1 ? first : `${days.length} days, ${first} to ${last}`;
  return [
    `Rehearsal of ${span}, times in ${zone}`,
    ...workloads.flatMap(({ workload, starts, overlap, work }) => [
      ...wrapped(`  ${workload}: `, [...starts, `overlap ${overlap}`].join('; ')),
      ...(work === null ? [] : wrapped('    ', work)),
    ]),
    ...wrapped('  ', NODE_TIMES),
    ...assumptions.notes.flatMap((note) => wrapped('  ', note)),
  ];
}

const NODE_TIMES =
  'Nodes: 180 s to allocate, 90 s to boot, 90 s of set-up, 60 s to leave; no eviction, no failure.';

const COUNTS = ['runs', 'over', 'queue', 'skip', 'miss', 'fail', 'nodes'] as const;
const WIDTHS = [5, 5, 6, 5, 5, 5, 6] as const;
const HOURS_RULE = '0     6     12    18    ';

function calendarOf(days: readonly DaySummary[]): readonly string[] {
  const names = COUNTS.map((name, index) => name.padStart(WIDTHS[index] ?? 0)).join('');
  const changes = days.some(({ changesClock }) => changesClock);
  return [
    `${' '.repeat(16)}${HOURS_RULE}${names}`,
    ...days.map(dayLine),
    'Hours: most runs at once, + for more than 9. Days: runs started, runs that met',
    'another one of their workload, queued, skipped, missed, failed, most nodes.',
    ...(changes ? ['*: a clock changes on this day.'] : []),
  ];
}

function dayLine(day: DaySummary): string {
  const { started, overlapping, queued, skipped, missed, failed, peakNodes } = day;
  const hours = day.runsByHour.map((runs) => (runs === 0 ? NONE : runs > 9 ? '+' : String(runs)));
  const counts = [started, overlapping, queued, skipped, missed, failed, peakNodes];
  const cells = counts.map((count, index) => countCell(count, WIDTHS[index] ?? 0));
  return `${weekdayOf(day.day)} ${day.day}${day.changesClock ? '*' : ' '} ${hours.join('')}${cells.join('')}`;
}

function countCell(count: number, width: number): string {
  return (count === 0 ? NONE : String(count)).padStart(width);
}

function workloadsOf(
  workloads: readonly WorkloadSummary[],
  { workloads: assumed }: Assumptions,
): string[] {
  const playing = new Set(assumed.flatMap(({ workload, work }) => (work === null ? [] : workload)));
  const rows = workloads.filter(({ workload }) => playing.has(workload));
  if (rows.length === 0) return ['No workload has a schedule: nothing starts by itself.'];
  return [
    tableLine('workload', [
      'due',
      'ran',
      'queue',
      'skip',
      'miss',
      'fail',
      'wait',
      'node-min',
      'cost',
    ]),
    ...rows.map(({ workload, due, started, queued, skipped, missed, failed, ...sums }) =>
      tableLine(workload, [
        ...[due, started, queued, skipped, missed, failed].map((count) => countCell(count, 0)),
        minutesText(sums.longestWaitMinutes),
        sums.nodeMinutes.toFixed(0),
        sums.cost === null ? '-' : sums.cost.toFixed(2),
      ]),
    ),
  ];
}

const TABLE_WIDTHS = [6, 6, 6, 5, 5, 5, 7, 9, 8] as const;

function tableLine(name: string, cells: readonly string[]): string {
  const padded = cells.map((cell, index) => cell.padStart(TABLE_WIDTHS[index] ?? 0));
  const line = padded.join('');
  const room = COLUMNS - line.length;
  return name.length <= room
    ? `${name.padEnd(room)}${line}`
    : `${name}\n${' '.repeat(room)}${line}`;
}

function minutesText(minutes: number): string {
  if (minutes === 0) return NONE;
  if (minutes < 1) return '<1m';
  return minutes < 600 ? `${Math.round(minutes)}m` : `${Math.round(minutes / 60)}h`;
}

function sumsOf(rehearsal: Rehearsal, { zone, limits, quota }: Assumptions): string[] {
  const { peakNodes, peakRuns, months } = rehearsal;
  const hasPrice = rehearsal.workloads.some(({ cost }) => cost !== null);
  const bound = quota === null ? 'no Spot quota given' : `the Spot quota is ${quota}`;
  return [
    peakNodes === null
      ? `Most nodes at once: none (${bound})`
      : `Most nodes at once: ${peakNodes.nodes}, ${timeText(peakNodes.at, zone)} (${bound})`,
    ...(peakRuns === null
      ? []
      : [
          `Most runs at once: ${peakRuns.runs}, ${timeText(peakRuns.at, zone)} (at most ${limits.maxActiveRuns})`,
        ]),
    ...months.map(({ month, nodeMinutes, cost }) => {
      const ofMinutes = shareText(nodeMinutes, limits.monthlyNodeMinutes);
      const ofCost = shareText(cost, limits.monthlyCost);
      return `Month ${month}: ${nodeMinutes.toFixed(0)} node-minutes${ofMinutes}${hasPrice ? `, cost ${cost.toFixed(2)}${ofCost}` : ''}`;
    }),
  ];
}

function shareText(taken: number, limit: number | null): string {
  if (limit === null) return '';
  return ` of ${limit}${limit > 0 ? ` (${Math.round((100 * taken) / limit)} %)` : ''}`;
}

/** Occurrences that are shown; `--json` has more. */
const SHOWN = 200;

const KINDS: Readonly<Record<Delayed['kind'], string>> = {
  skipped: 'skipped',
  missed: 'missed',
  replaced: 'replaced',
  failed: 'failed',
  timedOut: 'timed out',
  queued: 'queued',
  late: 'late',
  nodes: 'waited for nodes',
};

/** Occurrences of one workload with the same reason in one paragraph, each with its wait. */
function delayedOf({ delayed, delayedCount }: Rehearsal, zone: string): readonly string[] {
  if (delayedCount === 0) return ['Everything runs in time.'];
  const groups = new Map<string, Delayed[]>();
  for (const one of delayed.slice(0, SHOWN)) {
    const name = `${one.workload} ${one.kind} ${withoutIds(one.cause)}`;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  const more = delayedCount - Math.min(SHOWN, delayed.length);
  return [
    `Not in time or not well (${delayedCount}):`,
    ...[...groups.values()].flatMap((group) => groupLines(group, zone)),
    ...(more > 0 ? [`  and ${more} more; --json lists up to 1000`] : []),
  ];
}

function groupLines(group: readonly Delayed[], zone: string): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { workload, kind, cause } = first;
  const reason = group.length === 1 ? cause : withoutIds(cause);
  const times = group.map(({ instant, waitMinutes }, index) => {
    const wait = waitMinutes > 0 ? ` +${minutesText(waitMinutes)}` : '';
    return `${timeText(instant, zone)}${wait}${index < group.length - 1 ? ',' : ''}`;
  });
  return [
    ...wrapped(`  ${workload} ${KINDS[kind]}: `, reason, 6),
    ...wrapped(' '.repeat(6), times, 6),
  ];
}

/** A reason without what differs from occurrence to occurrence: ids of runs, and instants. */
function withoutIds(cause: string): string {
  return cause
    .replaceAll(/ ?\b[a-z][a-z0-9-]*-\d{8}t\d{6}-[0-9a-f]{10}\b/g, '')
    .replaceAll(/ before \d{4}-\d\d-\d\dT[\d:.]+Z/g, ' in its window');
}

function errorsOf({ unaccounted, warnings }: Rehearsal): string[] {
  return [
    ...unaccounted
      .slice(0, SHOWN)
      .map(({ workload, due }) => `ERROR: ${workload} has neither run nor recorded ${due}`),
    ...warnings.flatMap((warning) => wrapped('Warning: ', warning)),
  ];
}

/** Text, or pieces of it, after a head, broken between pieces so that no line has more than 80 columns. */
function wrapped(
  head: string,
  text: string | readonly string[],
  indent = head.length - head.trimStart().length + 4,
): readonly string[] {
  const lines: string[] = [];
  let line = head;
  let isEmpty = true;
  for (const piece of typeof text === 'string' ? text.split(' ') : text) {
    if (!isEmpty && line.length + 1 + piece.length > COLUMNS) {
      lines.push(line);
      line = ' '.repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? piece : ` ${piece}`;
    isEmpty = false;
  }
  return [...lines, line];
}
