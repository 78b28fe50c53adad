import { parseOptions } from './command-line';
import { formatError } from '../errors';

/** `npm run plan -- <workload>`: what a run would make, need and cost, asked of the app. */
const usage = `npm run plan -- <workload> [--blob <name>] [--parameter name=value]… [--app <url>] [--key <function key>]
  --blob       as if the run were about this blob alone
  --parameter  as if the run were started with it; may be repeated
  --app        the app (http://localhost:7071)
  --key        a function key, where the app asks for one
`;

const { values: options, positionals } = parseOptions(usage, {
  allowPositionals: true,
  options: {
    blob: { type: 'string' },
    parameter: { type: 'string', multiple: true, default: [] },
    app: { type: 'string', default: 'http://localhost:7071' },
    key: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** The part of the app's answer that is shown. */
interface Plan {
  readonly workload: string;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly inputs: {
    readonly count: number;
    readonly bytes: number;
    readonly first: readonly string[];
  } | null;
  readonly pool:
    | { readonly isMade: false; readonly id: string }
    | {
        readonly isMade: true;
        readonly id: string;
        readonly vmSize: string;
        readonly slotsPerNode: number;
        readonly formula: string;
        readonly formulaGives: string;
      }
    | null;
  readonly job: { readonly id: string; readonly containers: readonly string[] } | null;
  readonly tasks: {
    readonly count: number | null;
    readonly atMost: number | null;
    readonly first: readonly {
      readonly id: string;
      readonly command: string;
      readonly about: string;
    }[];
  };
  readonly secrets: readonly { readonly name: string; readonly isReadable: boolean }[];
  readonly account: {
    readonly quotas: Readonly<Record<keyof typeof quotaNames, number | null>>;
    readonly defaultVersions: Readonly<Record<string, string>>;
    readonly unavailableReason: string | null;
  };
  readonly estimate: {
    readonly fromRuns: number;
    readonly minutes: number | null;
    readonly nodeMinutes: number | null;
    readonly cost: number | null;
    readonly capNodeMinutes: number;
    readonly capCost: number | null;
  };
}

const quotaNames = {
  spotCores: 'Spot cores',
  dedicatedCores: 'dedicated cores',
  pools: 'pools',
  jobs: 'active jobs',
} as const;

async function showPlan(workload: string): Promise<number> {
  const response = await fetch(`${options.app}/api/plans/${encodeURIComponent(workload)}`, {
    method: 'POST',
    headers: options.key === undefined ? {} : { 'x-functions-key': options.key },
    body: JSON.stringify(requestBody()),
  });
  const answer = (await response.json()) as Plan & { readonly detail?: string };
  if (answer.detail !== undefined) throw new Error(answer.detail);
  process.stdout.write(`${linesOf(answer).join('\n')}\n`);
  return answer.errors.length === 0 ? 0 : 1;
}

/** Values that read as JSON are sent as such: a number is a number. */
function requestBody() {
  const parameters = Object.fromEntries(
    options.parameter.map((text) => {
      const [name = '', ...rest] = text.split('=');
      const value = rest.join('=');
      return [
        name,
        /^(-?\d+(\.\d+)?|true|false)$/.test(value) ? (JSON.parse(value) as unknown) : value,
      ];
    }),
  );
  return { parameters, ...(options.blob !== undefined && { blob: options.blob }) };
}

function linesOf(plan: Plan): string[] {
  return [
    `A run of ${plan.workload} would`,
    ...inputLines(plan),
    ...poolLines(plan),
    ...(plan.pool === null ? [] : taskLines(plan)),
    ...plan.secrets.map(
      ({ name, isReadable }) =>
        `  secret    ${name}: ${isReadable ? 'is there' : 'CANNOT BE READ'}`,
    ),
    ...accountLines(plan),
    ...(plan.pool?.isMade === true ? costLines(plan) : []),
    ...plan.warnings.map((warning) => `  warning   ${warning}`),
    ...plan.errors.map((error) => `  REFUSED   ${error}`),
  ];
}

function inputLines({ inputs }: Plan): string[] {
  if (inputs === null) return [];
  const first = inputs.first.map((name) => JSON.stringify(name)).join(', ');
  return [
    `  read      ${inputs.count} files, ${inputs.bytes} bytes${first === '' ? '' : `: ${first}${inputs.count > inputs.first.length ? ', …' : ''}`}`,
  ];
}

function poolLines({ pool, job }: Plan): string[] {
  if (pool === null || job === null)
    return ['  make      no pool and no job: there is nothing to do'];
  const made = `  make      job ${job.id}, containers ${job.containers.join(' and ')}`;
  if (!pool.isMade) return [`  use       pool ${pool.id} of somebody else, as it is`, made];
  return [
    `  make      pool ${pool.id} of ${pool.vmSize}, ${pool.slotsPerNode} ${pool.slotsPerNode === 1 ? 'slot' : 'slots'} on each node`,
    `  nodes     ${pool.formulaGives}`,
    ...pool.formula.split('\n').map((line) => `            | ${line}`),
    made,
  ];
}

function taskLines({ tasks }: Plan): string[] {
  const count =
    tasks.count === null
      ? `as many tasks as the job manager says, at most ${tasks.atMost ?? 'any'}`
      : `${tasks.count} ${tasks.count === 1 ? 'task' : 'tasks'}`;
  return [
    `  run       ${count}`,
    ...tasks.first.map(
      ({ id, command, about }) =>
        `            ${id}: ${command === '' ? "(the image's own command)" : command}   ${about}`,
    ),
  ];
}

/** What the Batch account says, or why it does not. */
function accountLines({ account }: Plan): string[] {
  const names = Object.keys(quotaNames) as (keyof typeof quotaNames)[];
  const known = names.flatMap((name) => {
    const quota = account.quotas[name];
    return quota === null ? [] : [`${quota} ${quotaNames[name]}`];
  });
  return [
    ...Object.entries(account.defaultVersions).map(
      ([application, version]) => `  package   ${application}: ${version}, the default version`,
    ),
    ...(known.length === 0 ? [] : [`  quotas    ${known.join(', ')} at most`]),
    ...(account.unavailableReason === null ? [] : [`  not seen  ${account.unavailableReason}`]),
  ];
}

function costLines({ estimate }: Plan): string[] {
  const { fromRuns, minutes, nodeMinutes, cost, capNodeMinutes, capCost } = estimate;
  const money = (amount: number | null) => (amount === null ? '' : `, ${amount} in your currency`);
  return [
    fromRuns === 0 && minutes === null
      ? '  take      nobody knows: no run has succeeded yet'
      : `  take      ${minutes ?? '?'} minutes and ${nodeMinutes ?? '?'} node-minutes${money(cost)}, as ${fromRuns === 1 ? 'the latest run' : `the median of the latest ${fromRuns} runs`} did`,
    `  at most   ${capNodeMinutes} node-minutes${money(capCost)}, if everything goes wrong`,
  ];
}

const [workload] = positionals;
if (workload === undefined || options.help) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  showPlan(workload).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const cause =
        error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      process.stderr.write(`${formatError(error)}${cause}\n`);
      process.exitCode = 1;
    },
  );
}
