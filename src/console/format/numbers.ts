/** Numbers in the viewer's locale. */

const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function numberText(value: number): string {
  return plain.format(value);
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${plain.format(value)} ${value === 1 ? one : many}`;
}

/** Small sums keep digits that say something. */
export function moneyText(value: number, currency: string): string {
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  try {
    return new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency,
      maximumFractionDigits: digits,
    }).format(value);
  } catch {
    // A currency that is no code of ISO 4217.
    const amount = new Intl.NumberFormat(undefined, { maximumFractionDigits: digits });
    return `${amount.format(value)} ${currency}`.trim();
  }
}

/** A cost, or node-minutes where no price is set: never a sum that nobody stated. */
export function costText(cost: number | null, nodeMinutes: number, currency: string): string {
  return cost === null ? nodeMinutesText(nodeMinutes) : moneyText(cost, currency);
}

export function nodeMinutesText(value: number): string {
  return `${plain.format(value)} node-min`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${plain.format(bytes / 1024 ** step)} ${UNITS[step] ?? ''}`;
}
