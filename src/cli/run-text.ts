import type { RunStatus, RunView, TaskCounts } from '../client/runs';

/** Runs as people read them. */

export const statusNames: Readonly<Record<RunStatus, string>> = {
  queued: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  timedOut: 'timed out',
  skipped: 'skipped',
  missed: 'missed',
};

/** The phases of a run, as the progress of `npm run demo` names them. */
export const phaseNames: Readonly<Record<string, string>> = {
  admitting: 'is admitted',
  staging: 'stages inputs',
  provisioning: 'asks for a pool',
  submitting: 'submits',
  watching: 'runs tasks',
  harvesting: 'checks results',
  cleaningUp: 'cleans up',
  ended: 'ended',
};

export function phaseText({ phase }: Pick<RunView, 'phase'>): string {
  return phaseNames[phase ?? ''] ?? 'queued';
}

/** A duration, as `4:34` or `1:02:03`. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor((whole % 3600) / 60),
    whole % 60,
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours === 0 ? `${minutes}:${two(rest)}` : `${hours}:${two(minutes)}:${two(rest)}`;
}

/** The time between two instants; empty where one is missing. */
export function tookText(from: string | null, to: string | null): string {
  if (from === null || to === null) return '';
  return clockText((Date.parse(to) - Date.parse(from)) / 1000);
}

/** An instant to the minute, in UTC. */
export function minuteText(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

export function doneOf(tasks: TaskCounts | null): { readonly done: number; readonly all: number } {
  if (tasks === null) return { done: 0, all: 0 };
  const done = tasks.succeeded + tasks.failed;
  return { done, all: done + tasks.active + tasks.running };
}

/** Nodes that exist. */
export function nodesOf(nodes: Readonly<Record<string, number>> | null): number {
  return Object.entries(nodes ?? {})
    .filter(([state]) => state !== 'preempted')
    .reduce((sum, [, count]) => sum + count, 0);
}

export function costText(cost: number | null): string {
  return cost === null ? '' : cost.toFixed(2);
}
