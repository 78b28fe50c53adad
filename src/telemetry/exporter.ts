import type { Point } from './points';
import type { SpanData } from './spans';

/** The way to a collector. Errors contain neither headers nor the answer of the collector. */
export interface Exporter {
  /** Adds to the metrics of the next export. */
  readonly record: (points: readonly Point[]) => void;
  /** Exports the spans, and the metrics since the last export. */
  readonly send: (spans: readonly SpanData[]) => Promise<void>;
}
