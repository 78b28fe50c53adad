import type { RegisteredFunction } from './core';
import type { Binding } from './wire';

export interface HostedFunction extends RegisteredFunction {
  readonly triggerType: TriggerType;
  readonly trigger: Binding;
  /** All but the trigger, settings resolved. */
  readonly bindings: Readonly<Record<string, Binding>>;
  /** Whether there is anything to send after it has run, beside an HTTP answer. */
  readonly hasOutputs: boolean;
}

export const TRIGGERS = {
  httptrigger: 'http',
  timertrigger: 'timer',
  blobtrigger: 'blob',
  queuetrigger: 'queue',
  orchestrationtrigger: 'orchestration',
  activitytrigger: 'activity',
  entitytrigger: 'entity',
  warmuptrigger: 'warmup',
} as const;

export type TriggerType = (typeof TRIGGERS)[keyof typeof TRIGGERS];
