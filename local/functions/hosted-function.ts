import type { RegisteredFunction } from './core';
import type { Binding } from './wire';

export interface HostedFunction extends RegisteredFunction {
  readonly triggerType: TriggerType;
  readonly trigger: Binding;
  /** All bindings except the trigger, settings resolved. */
  readonly bindings: Readonly<Record<string, Binding>>;
  /** True when the function has outputs to send in addition to an HTTP response. */
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
