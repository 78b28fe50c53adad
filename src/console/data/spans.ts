export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Place and width of a part within a span, in percent; the shortest part can still be seen. */
export function placeOf(part: Span, span: Span): { left: string; width: string } {
  const whole = Math.max(1, span.to - span.from);
  const left = ((part.from - span.from) / whole) * 100;
  const width = ((part.to - part.from) / whole) * 100;
  return { left: `${left}%`, width: `max(2px, ${width}%)` };
}
