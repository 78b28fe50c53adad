import { app } from '@azure/functions';
import type { HistoryEvent } from '../../../local/functions/durable/history';

/** One call of an orchestrator: the context that it got from the extension. */
export interface Turn {
  readonly instanceId: string;
  readonly history: readonly HistoryEvent[];
  readonly [member: string]: unknown;
}

const turns = new Map<string, Turn[]>();

export function turnsOf(id: string): readonly Turn[] {
  return turns.get(id) ?? [];
}

/** Records every call of an orchestrator. */
export function recordTurns(): void {
  app.hook.preInvocation(({ inputs, invocationContext }) => {
    if (invocationContext.options.trigger.type !== 'orchestrationTrigger') return;
    const [turn] = inputs as [Turn];
    // The library changes the history while it replays.
    const copy = structuredClone(turn);
    turns.set(turn.instanceId, [...turnsOf(turn.instanceId), copy]);
  });
}
