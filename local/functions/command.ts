import { defineCommand } from '../command-line';

/** The command line of the Functions host as a separate program. */
export const hostCommand = defineCommand({
  call: 'npm run host',
  usage: `npm run host -- [<app folder>] [options]
  Runs a compiled Functions app, the folder of a package.json and a host.json, as Core Tools do.
  --app F                 app folder, instead of the argument (the current folder)
  --data F                folder of the state (.nightshift/functions/<app>)
  --port N                HTTP port, 0 for a free one (that of local.settings.json, or 7071)
  --rpc-port N            port of the durable client, 0 for a free one (17071)
  --clock P               pace of the clock, as JSON: { "speed", "realEpoch", "clockEpoch" }
  --blob-poll MS          milliseconds between two polls for new blobs (10000)
  --pretend T             type of an output to write to the state folder instead; may be repeated
  --no-fsync              do not flush the journal to disk
  --no-local-settings     ignore local.settings.json
  --enable-auth           require keys, as Azure does
  --verbose               print details
`,
  options: {
    app: { type: 'string' },
    data: { type: 'string' },
    port: { type: 'string' },
    'rpc-port': { type: 'string', default: '17071' },
    clock: { type: 'string' },
    'blob-poll': { type: 'string' },
    pretend: { type: 'string', multiple: true, default: [] },
    'no-fsync': { type: 'boolean', default: false },
    'no-local-settings': { type: 'boolean', default: false },
    'enable-auth': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
  maxArguments: 1,
  ports: ['port', 'rpc-port'],
  check: ({ 'blob-poll': pollMs, clock }) => {
    if (pollMs !== undefined && !(Number(pollMs) > 0))
      return `--blob-poll must be a number of milliseconds, not ${JSON.stringify(pollMs)}`;
    if (clock !== undefined && !isPace(clock))
      return `--clock must be JSON with the numbers speed, realEpoch and clockEpoch, not ${JSON.stringify(clock)}`;
    return undefined;
  },
});

function isPace(text: string): boolean {
  try {
    const pace = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    return ['speed', 'realEpoch', 'clockEpoch'].every((name) => Number.isFinite(pace?.[name]));
  } catch {
    return false;
  }
}
