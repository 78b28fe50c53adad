/** What is wrong with a SAS that a run mints; empty when nothing is. */
export interface SasRules {
  readonly mintedAt: Date;
  /** It may not last longer than this. */
  readonly minutes: number;
  readonly isTls: boolean;
  readonly isDelegated: boolean;
}

const ALLOWED = [
  { resource: 'b', permissions: 'r' },
  { resource: 'c', permissions: 'rl' },
  { resource: 'c', permissions: 'cw' },
];
const SEVEN_DAYS_MS = 7 * 24 * 3_600_000;

/** A SAS is for one container or one blob, and opens no more and no longer than it must. */
export function checkSas(url: string, rules: SasRules): readonly string[] {
  const { searchParams: query, pathname, protocol } = new URL(url);
  const [resource, permissions] = [query.get('sr'), query.get('sp')];
  const expiry = Date.parse(query.get('se') ?? '');
  const lifetimeMs = expiry - rules.mintedAt.getTime();
  const inBlob = pathname.split('/').filter((part) => part !== '').length > 2;
  const isAllowed = ALLOWED.some(
    (one) => one.resource === resource && one.permissions === permissions,
  );

  const mistakes: readonly (readonly [boolean, string])[] = [
    [query.get('sig') === null, 'it has no signature'],
    [query.has('ss') || query.has('srt'), 'it opens the whole account'],
    [!isAllowed, `it allows ${permissions ?? 'nothing'} on ${resource ?? 'nothing'}`],
    [(resource === 'b') !== inBlob, 'it is for another kind of thing than its address'],
    [query.has('st'), 'it has a start, and clocks differ'],
    [query.has('sip') || query.has('si'), 'it depends on an address or a stored policy'],
    [rules.isTls && query.get('spr') !== 'https', 'it may travel without TLS'],
    [rules.isTls && protocol !== 'https:', 'its address is without TLS'],
    [rules.isDelegated && !query.has('skoid'), 'it is not signed by a user delegation key'],
    [!rules.isDelegated && query.has('skoid'), 'it is signed by a key of somebody'],
    [!(lifetimeMs <= rules.minutes * 60_000 + 60_000), 'it lasts too long'],
    [!(lifetimeMs > 0), 'it is over before it begins'],
    [!(lifetimeMs <= SEVEN_DAYS_MS), 'it lasts longer than seven days'],
  ];
  return mistakes.filter(([isWrong]) => isWrong).map(([, mistake]) => mistake);
}
