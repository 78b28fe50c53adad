/** Each state has a word and a shape, so that colour is never the only sign. */
export interface StatusLook {
  readonly word: string;
  readonly shape: string;
}

const looks: Readonly<Record<string, StatusLook>> = {
  queued: { word: 'queued', shape: '○' },
  running: { word: 'running', shape: '▶' },
  succeeded: { word: 'succeeded', shape: '✓' },
  failed: { word: 'failed', shape: '✕' },
  timedOut: { word: 'timed out', shape: '◷' },
  cancelled: { word: 'cancelled', shape: '▬' },
  skipped: { word: 'skipped', shape: '–' },
  missed: { word: 'missed', shape: '◌' },
  waiting: { word: 'waiting', shape: '○' },
  none: { word: 'never registered', shape: '·' },
};

export const STATUSES = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'skipped',
  'missed',
] as const;

export function lookOf(status: string): StatusLook {
  return looks[status] ?? { word: status, shape: '?' };
}

/** A run that can be retried. */
export function isRetryable(status: string): boolean {
  return ['failed', 'timedOut', 'cancelled', 'skipped', 'missed'].includes(status);
}

export function isActive(status: string): boolean {
  return status === 'queued' || status === 'running';
}

const phases: Readonly<Record<string, string>> = {
  admitting: 'admission',
  staging: 'staging inputs',
  provisioning: 'asking for nodes',
  submitting: 'submitting tasks',
  watching: 'working',
  harvesting: 'collecting results',
  cleaningUp: 'cleaning up',
  ended: 'ended',
};

export function phaseText(phase: string | null): string {
  return phase === null ? 'waiting to start' : (phases[phase] ?? phase);
}
