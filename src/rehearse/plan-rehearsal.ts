import { Failure } from '../failure';
import type { SchedulesInForce } from '../ledger/schedules';
import { readSettings, type Settings } from '../settings';
import { predecessorsOf } from '../workload/after-schema';
import { checkWorkloads } from '../workload/check-workloads';
import { instantOf, localDate } from '../workload/local-time';
import { withNodes } from '../workload/node-defaults';
import type { Workload, WorkloadDeclaration, Workloads } from '../workload/workload';
import type { Assumptions } from './assumptions';
import { localDays } from './days';
import { assumptionOf, durationOf, notesOn, type PastRuns } from './durations';
import type { RehearsalPlan, Span, SpotQuota } from './rehearsal-plan';

/** An app as `main.ts` declares it, with the settings that it reads. */
export interface DeclaredApp {
  readonly workloads: readonly WorkloadDeclaration[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface RehearsalOptions {
  /** The first local day, as `YYYY-MM-DD`; null for that of `now`. */
  readonly from: string | null;
  readonly days: number;
  /** Names of the workloads to rehearse; all where the list is empty. */
  readonly workloads: readonly string[];
  /** Minutes of work of a run, by workload. */
  readonly minutes: Readonly<Record<string, number>>;
  /** Runs of the past, by workload. */
  readonly past: Readonly<Record<string, PastRuns>>;
  /** Spot nodes that the Batch account allows; null for the setting SPOT_CORE_QUOTA. */
  readonly spotNodes: number | null;
  /** Spans in which no host is up, such as `2026-12-05T10:00/2026-12-07`, in local time. */
  readonly down: readonly string[];
  readonly now: Date;
}

/** An option that cannot be used, or an app that cannot start. Its message is one for people. */
export class WrongRehearsal extends Error {
  override readonly name = 'WrongRehearsal';

  constructor(
    readonly of: 'option' | 'app',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Settings that name services, which a rehearsal does not call. */
const UNUSED: Readonly<Record<string, string>> = {
  BATCH_ACCOUNT_ENDPOINT: 'https://account.region.batch.azure.com',
  AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
  KEY_VAULT_URI: 'https://vault.vault.azure.net',
};

export interface PlannedRehearsal {
  readonly plan: RehearsalPlan;
  readonly assumptions: Assumptions;
}

/** The rehearsal of an app: its workloads and schedules in force, with what has to be assumed. */
export function planRehearsal(app: DeclaredApp, options: RehearsalOptions): PlannedRehearsal {
  const { settings, workloads } = openApp(app, options.workloads);
  const { schedules } = settings;
  const named = Object.keys({ ...options.minutes, ...options.past });
  for (const name of named) demandWorkload(workloads, name);
  const kept = new Set(workloads.keys());
  const inForce = Object.fromEntries(Object.entries(schedules).filter(([name]) => kept.has(name)));
  const zones = zonesOf(inForce);
  const zone = zones.length === 1 ? (zones[0] ?? settings.timeZone) : settings.timeZone;
  const first = options.from ?? localDate(options.now.getTime(), zone);
  const durations = new Map(
    [...workloads].map(([name, workload]) => [name, durationOf(workload, options)] as const),
  );
  const spotQuota = quotaOf(options, settings);
  const plan: RehearsalPlan = {
    workloads,
    schedules: inForce,
    hostZone: settings.timeZone,
    reconcileSchedule: settings.reconcileSchedule,
    limits: settings.sums,
    days: localDays(first, options.days, zone, zones),
    minutes: Object.fromEntries([...durations].map(([name, { minutes }]) => [name, minutes])),
    spotQuota,
    down: options.down
      .map((text) => spanIn(text, zone))
      .sort((one, other) => one.from - other.from),
    skipsIdlePasses: true,
  };
  const assumptions: Assumptions = {
    zone,
    workloads: [...workloads.values()].map((one) =>
      assumptionOf(one, workloads, inForce[one.name] ?? [], durations.get(one.name)),
    ),
    limits: settings.sums,
    quota: spotQuota === null ? null : `${spotQuota.limit} ${spotQuota.of}`,
    notes: notesOn(plan, zone),
  };
  return { plan, assumptions };
}

function openApp(
  { workloads: declarations, environment }: DeclaredApp,
  names: readonly string[],
): { readonly settings: Settings; readonly workloads: Workloads } {
  const given = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  try {
    const declared = checkWorkloads(declarations);
    const settings = readSettings({ ...UNUSED, ...Object.fromEntries(given) }, declared);
    for (const name of names) demandWorkload(declared, name);
    const chosen = names.length === 0 ? declared : withPredecessors(declared, names);
    return { settings, workloads: withNodes(chosen, settings.nodes) };
  } catch (error) {
    if (error instanceof Failure) throw new WrongRehearsal('app', error.message, { cause: error });
    throw error;
  }
}

/** These workloads and those that they follow. */
function withPredecessors(workloads: Workloads, names: readonly string[]): Workloads {
  const reached = [...names];
  for (const name of reached) {
    const workload = workloads.get(name);
    const before = workload === undefined ? [] : predecessorsOf(workload);
    reached.push(...before.filter((one) => !reached.includes(one)));
  }
  return new Map([...workloads].filter(([name]) => reached.includes(name)));
}

function demandWorkload(workloads: Workloads, name: string): Workload {
  const found = workloads.get(name);
  if (found !== undefined) return found;
  const known = [...workloads.keys()].join(', ');
  throw new WrongRehearsal(
    'option',
    `there is no workload ${JSON.stringify(name)}; there are ${known}`,
  );
}

function zonesOf(schedules: SchedulesInForce): readonly string[] {
  const all = Object.values(schedules).flatMap((list) => list.map(({ timeZone }) => timeZone));
  return [...new Set(all)];
}

function quotaOf({ spotNodes }: RehearsalOptions, { limits }: Settings): SpotQuota | null {
  if (spotNodes !== null) return { limit: spotNodes, of: 'nodes' };
  const { spotCoreQuota } = limits;
  return spotCoreQuota === null ? null : { limit: spotCoreQuota, of: 'cores' };
}

const LOCAL_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/;

function spanIn(text: string, zone: string): Span {
  const [from = '', until = '', ...rest] = text.split('/');
  const [start, end] = [from, until].map((one) => {
    const local = LOCAL_TIME.test(one)
      ? Date.parse(one.includes('T') ? `${one}Z` : `${one}T00:00Z`)
      : NaN;
    return Number.isNaN(local) ? NaN : instantOf(local, zone);
  }) as [number, number];
  if (rest.length === 0 && start < end) return { from: start, until: end };
  throw new WrongRehearsal(
    'option',
    `--down must be two local times, such as 2026-12-05T10:00/2026-12-07, not ${JSON.stringify(text)}`,
  );
}
