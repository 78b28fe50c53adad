import { EventType, type HistoryEvent } from './history';

/**
 * The history as the JSON text that an orchestrator receives with every turn. Its old part never
 * changes, so it is serialized once and cached.
 */
export function playedText(history: readonly HistoryEvent[]): string {
  const kept = texts.get(history) ?? { count: 0, text: '' };
  if (kept.count === history.length) return kept.text;

  const added = history
    .slice(kept.count)
    .map((event) => withPlayed(event, !isOfTurn(event)))
    .join(',');
  const text = kept.text === '' ? added : `${kept.text},${added}`;
  texts.set(history, { count: history.length, text });
  return text;
}

/** An ended instance does not need its text any more. */
export function forgetText(history: readonly HistoryEvent[]): void {
  texts.delete(history);
}

/** Histories only grow at the end; a new generation starts a new history. */
const texts = new WeakMap<
  readonly HistoryEvent[],
  { readonly count: number; readonly text: string }
>();

/**
 * True for an event that a turn itself wrote; the extension never marks it as played. One that a
 * rewind replaced keeps its number and its mark.
 */
function isOfTurn({ EventType: type, EventId }: HistoryEvent): boolean {
  return type === EventType.GenericEvent ? EventId >= 0 : OF_TURNS.has(type);
}

const OF_TURNS: ReadonlySet<number> = new Set([
  EventType.OrchestratorStarted,
  EventType.OrchestratorCompleted,
  EventType.TaskScheduled,
  EventType.SubOrchestrationInstanceCreated,
  EventType.TimerCreated,
  EventType.EventSent,
]);

export function withPlayed(event: HistoryEvent, isPlayed: boolean): string {
  return `${JSON.stringify(event).slice(0, -1)},"IsPlayed":${isPlayed}}`;
}
