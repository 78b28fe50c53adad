import { batchCommand } from '../batch/command';
import { defineCommand, parseCommandLine, type CommandLine, type Options } from '../command-line';
import { hostCommand } from '../functions/command';
import { FIXED_PORTS } from '../ports';

/**
 * The call of every command, as plain data: `scripts/run.mjs` reads this file without a build, each
 * command reads its own entry.
 */

const APP_URL = `http://localhost:${FIXED_PORTS.app}`;

export const upCommand = defineCommand({
  call: 'npm start',
  usage: `npm start -- [--speed N] [--clock T] [--folder F] [--setting NAME=value]... [--watch]
  Starts the local environment on fixed ports and keeps it up until Ctrl-C.
  --speed N    clock time for each second of real time, above 0 and up to 1000 (1)
  --clock T    time that the clock shows at the start, such as 2027-03-28T00:50:00Z; it never
               goes back
  --folder F   folder of the state (.nightshift/local)
  --setting S  app setting, as NAME=value; may be repeated
  --verbose    print the log lines of every part, not of the app alone
  --watch      rebuild and restart the app when a file of src changes (npm run dev)
`,
  options: {
    speed: { type: 'string', default: '1' },
    clock: { type: 'string' },
    folder: { type: 'string' },
    setting: { type: 'string', multiple: true, default: [] },
    verbose: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
  },
  check: ({ speed, clock, setting }) => {
    if (clock !== undefined && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(clock))
      return `--clock must be a time with its offset such as 2027-03-28T00:50:00Z, not ${JSON.stringify(clock)}`;
    if (clock !== undefined && Number.isNaN(Date.parse(clock)))
      return `--clock must be a time that exists, not ${JSON.stringify(clock)}`;
    if (!(Number(speed) > 0 && Number(speed) <= 1000))
      return `--speed must be a number above 0 and up to 1000, not ${JSON.stringify(speed)}`;
    const malformed = setting?.find((text) => !/^[\w.:-]+=/.test(text));
    return malformed === undefined
      ? undefined
      : `--setting must be NAME=value, not ${JSON.stringify(malformed)}`;
  },
});

export const demoCommand = defineCommand({
  call: 'npm run demo',
  usage: `npm run demo
  Runs both shipped workloads from trigger to result, on free ports and with a fast clock,
  writes the results to out/ and stops everything.
`,
  options: {},
});

export const dropCommand = defineCommand({
  call: 'npm run drop',
  usage: `npm run drop -- <container> [<file>...] [--to P] [--folder F | --connection C]
  Uploads the files into the container, each under its own name. Without a file it prints
  a curl command with which any client can upload files there for a day.
  --to P           folder in the container
  --folder F       folder of the environment's state (.nightshift/local)
  --connection C   connection string of another account, such as UseDevelopmentStorage=true
  --app U          the app, which lists the triggers of the container (${APP_URL})
`,
  options: {
    folder: { type: 'string' },
    connection: { type: 'string' },
    to: { type: 'string', default: '' },
    app: { type: 'string', default: APP_URL },
  },
  required: ['container'],
  maxArguments: Infinity,
  // Names of containers that the service accepts.
  check: (_values, [container = '']) =>
    /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(container)
      ? undefined
      : `${JSON.stringify(container)} is not a container name: 3 to 63 lower-case letters, digits and single hyphens`,
});

export const fetchCommand = defineCommand({
  call: 'npm run fetch',
  usage: `npm run fetch -- <run id> [--to F] [--prefix results/] [--app U] [--key K] [--trust C]
  Downloads all outputs and logs of a run over the app's API.
  --to F      target folder (out/<run id>)
  --prefix P  only files whose names start with P
  --app U     the app (${APP_URL})
  --key K     function key, for an app that requires one
  --trust C   certificate file to trust in addition to the public ones (that of npm start)
`,
  options: {
    to: { type: 'string' },
    prefix: { type: 'string', default: '' },
    app: { type: 'string', default: APP_URL },
    key: { type: 'string' },
    trust: { type: 'string' },
  },
  required: ['run id'],
});

export const planCommand = defineCommand({
  call: 'npm run plan',
  usage: `npm run plan -- <workload> [--blob N] [--parameter NAME=value]... [--app U] [--key K]
  Shows what a run would create, need and cost, without starting it.
  --blob N       plan for this input blob alone
  --parameter P  parameter of the run, as NAME=value; may be repeated
  --app U        the app (${APP_URL})
  --key K        function key, for an app that requires one
`,
  options: {
    blob: { type: 'string' },
    parameter: { type: 'string', multiple: true, default: [] },
    app: { type: 'string', default: APP_URL },
    key: { type: 'string' },
  },
  required: ['workload'],
  check: ({ parameter }) => {
    const malformed = parameter?.find((text) => !/^\w+=/.test(text));
    return malformed === undefined
      ? undefined
      : `--parameter must be NAME=value, not ${JSON.stringify(malformed)}`;
  },
});

export const verifyCommand = defineCommand({
  call: 'npm run verify',
  usage: `npm run verify -- [--url U] [--key K] [--storage S] [--batch B] [--resource-group G]
  Runs the two shipped workloads in a deployed app, asks the Batch account what the documentation
  leaves open, and writes which assumptions of this repository were confirmed or contradicted.
  It prints the cost first and deletes what it makes. Exit code 1 when one was contradicted.
  --url U             the app (${APP_URL})
  --key K             function key, for an app that requires one
  --storage S         blob endpoint of its storage, for your sign-in (local: that of npm start)
  --batch B           endpoint of the Batch account, for your sign-in (local: that of npm start)
  --resource-group G  /subscriptions/…/resourceGroups/… of the app, to wait for its alert
  --management M      Azure Resource Manager (https://management.azure.com)
  --wait M            minutes to wait for one run (60)
  --to F              folder of the report (out/verify)
  --folder F          folder of the local environment's state (.nightshift/local)
  --yes               do not ask before something is started
`,
  options: {
    url: { type: 'string', default: APP_URL },
    key: { type: 'string' },
    storage: { type: 'string' },
    batch: { type: 'string' },
    'resource-group': { type: 'string' },
    management: { type: 'string', default: 'https://management.azure.com' },
    wait: { type: 'string', default: '60' },
    to: { type: 'string' },
    folder: { type: 'string' },
    yes: { type: 'boolean', default: false },
  },
  check: ({ url, storage, batch, management, wait, 'resource-group': group }) => {
    for (const [name, value] of Object.entries({ url, storage, batch, management }))
      if (value !== undefined && !/^https?:\/\/[^/]/.test(value))
        return `--${name} must be a URL, not ${JSON.stringify(value)}`;
    if (!(Number(wait) > 0))
      return `--wait must be a number of minutes, not ${JSON.stringify(wait)}`;
    return group === undefined || /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i.test(group)
      ? undefined
      : `--resource-group must be /subscriptions/<id>/resourceGroups/<name>, not ${JSON.stringify(group)}`;
  },
});

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = /^[A-Za-z0-9._-]{1,64}$/;

export const packCommand = defineCommand({
  call: 'npm run pack',
  usage: `npm run pack -- <folder> <application> <version> [--to F] [--batch U] [--default]
  Makes an application package of a folder, for the local environment and for Azure.
  --to F     folder of the archive (.nightshift/packages)
  --batch U  Batch stand-in to upload to (http://127.0.0.1:${FIXED_PORTS.batch}, that of npm start)
  --default  make it the default version
`,
  options: {
    to: { type: 'string', default: '.nightshift/packages' },
    batch: { type: 'string', default: `http://127.0.0.1:${FIXED_PORTS.batch}` },
    default: { type: 'boolean', default: false },
  },
  required: ['folder', 'application', 'version'],
  check: (_values, [, application = '', version = '']) => {
    if (!ID.test(application))
      return `${JSON.stringify(application)} is not an application id: 1 to 64 letters, digits, hyphens and underscores`;
    if (!VERSION.test(version))
      return `${JSON.stringify(version)} is not a version: 1 to 64 letters, digits, dots, hyphens and underscores`;
    return undefined;
  },
});

/** The launcher's data of a command: its compiled program and its prerequisites. */
export interface Program {
  /** Below `dist/local`. */
  readonly file: string;
  /** True when the launcher builds first. The others only need an earlier build. */
  readonly builds: boolean;
  readonly parse: (args: readonly string[]) => Launch;
}

type Launch =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'invalid'; readonly message: string }
  /** `ports` must be free: the launcher checks them before it builds. */
  | { readonly kind: 'call'; readonly ports: readonly number[] };

function program<Known extends Options>(
  line: CommandLine<Known>,
  file: string,
  builds: boolean,
  ports: (values: Readonly<Record<string, unknown>>) => readonly number[] = () => [],
): Program {
  const parse = (args: readonly string[]): Launch => {
    const parsed = parseCommandLine(line, args);
    return parsed.kind === 'call' ? { kind: 'call', ports: ports(parsed.values) } : parsed;
  };
  return { file, builds, parse };
}

function portOption({ port }: Readonly<Record<string, unknown>>): readonly number[] {
  return port === undefined ? [] : [Number(port)];
}

/** All commands, by the name that `scripts/run.mjs` takes. */
export const programs: Readonly<Record<string, Program>> = {
  up: program(upCommand, 'cli/up.js', true, () => Object.values(FIXED_PORTS) as number[]),
  demo: program(demoCommand, 'cli/demo.js', true),
  batch: program(batchCommand, 'batch/main.js', true, portOption),
  host: program(hostCommand, 'functions/main.js', true, portOption),
  drop: program(dropCommand, 'cli/drop.js', false),
  fetch: program(fetchCommand, 'cli/fetch.js', false),
  plan: program(planCommand, 'cli/plan.js', false),
  pack: program(packCommand, 'cli/pack.js', false),
  verify: program(verifyCommand, 'verify/main.js', true),
};
