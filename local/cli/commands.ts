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

export const verifyCommand = defineCommand({
  call: 'npm run verify',
  usage: `npm run verify -- [--url U] [--key-file K] [--storage S] [--batch B] [--resource-group G]
  Runs the two shipped workloads in a deployed app, asks the Batch account what the documentation
  leaves open, and writes which assumptions of this repository were confirmed or contradicted.
  It prints the cost first and deletes what it makes. Exit code 1 when one was contradicted.
  --url U             the app (${APP_URL})
  --key-file K        file with the function key, for an app that requires one; else NIGHTSHIFT_KEY
                      has the key
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
    'key-file': { type: 'string' },
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

/** The launcher's data of a command: its compiled program and its prerequisites. */
export interface Program {
  /** Below `dist/local`. */
  readonly file: string;
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
  ports: (values: Readonly<Record<string, unknown>>) => readonly number[] = () => [],
): Program {
  const parse = (args: readonly string[]): Launch => {
    const parsed = parseCommandLine(line, args);
    return parsed.kind === 'call' ? { kind: 'call', ports: ports(parsed.values) } : parsed;
  };
  return { file, parse };
}

function portOption({ port }: Readonly<Record<string, unknown>>): readonly number[] {
  return port === undefined ? [] : [Number(port)];
}

/** All commands, by the name that `scripts/run.mjs` takes. */
export const programs: Readonly<Record<string, Program>> = {
  up: program(upCommand, 'cli/up.js', () => Object.values(FIXED_PORTS) as number[]),
  demo: program(demoCommand, 'cli/demo.js'),
  batch: program(batchCommand, 'batch/main.js', portOption),
  host: program(hostCommand, 'functions/main.js', portOption),
  verify: program(verifyCommand, 'verify/main.js'),
};
