import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasVenv, skipReason, writeWheel } from './python';
import { bash, newFolder, noBash, runScript, SHARED } from './scripts';

const script = path.join(SHARED, 'python-env.sh');
const USAGE = 'Name the requirements file: python-env.sh requirements.txt -- python report.py\n';

interface Node {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A node whose package index has the package `night`, and a requirements file that asks for it. */
function newNode(requirements = 'night==1.0\n'): Node {
  const folder = newFolder();
  for (const name of ['shared', 'index']) mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, 'requirements.txt'), requirements);
  writeWheel(path.join(folder, 'index'), 'night', '1.0', "def shift():\n    return 'day'\n");
  const environment = {
    HOME: folder,
    AZ_BATCH_NODE_SHARED_DIR: path.join(folder, 'shared'),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: path.join(folder, 'index'),
  };
  return { folder, environment };
}

async function runOn({ folder, environment }: Node, ...words: readonly string[]) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const child = spawn('env', [...variables, bash, script, ...words], { cwd: folder });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (texts.stdout += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (texts.stderr += part.toString('utf8')));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, ...texts };
}

const PRINT = ['--', 'python', '-c', 'import night; print(night.shift())'];
const PRINTED = { status: 0, stdout: 'day\n', stderr: '' };

function environmentsOf({ folder }: Node): string[] {
  return readdirSync(path.join(folder, 'shared/python')).filter((name) => /^env-\w+$/.test(name));
}

test.skipIf(!hasVenv)(
  `tasks that begin at the same time share one environment, which is built once${skipReason}`,
  { timeout: 600_000 },
  async () => {
    const node = newNode();
    const tasks = [1, 2, 3].map(() => runOn(node, 'requirements.txt', ...PRINT));
    expect(await Promise.all(tasks)).toEqual([PRINTED, PRINTED, PRINTED]);

    const offline = { ...node, environment: { ...node.environment, PIP_FIND_LINKS: '/nowhere' } };
    expect(await runOn(offline, 'requirements.txt')).toEqual({
      status: 0,
      stdout: `The Python environment is ready: ${node.folder}/shared/python/${environmentsOf(node).join(' ')}\n`,
      stderr: '',
    });
  },
);

test.skipIf(!hasVenv)(
  `a build that failed ends the task with the reason of pip, and is repeated${skipReason}`,
  { timeout: 600_000 },
  async () => {
    const node = newNode('night==2.0\n');
    const failed = await runOn(node, 'requirements.txt', ...PRINT);
    expect({ status: failed.status, stderr: failed.stderr.split('\n').at(-2) }).toEqual({
      status: 1,
      stderr: 'pip could not install what requirements.txt names: its reason is above.',
    });

    writeWheel(path.join(node.folder, 'index'), 'night', '2.0', "def shift():\n    return 'day'\n");
    expect(await runOn(node, 'requirements.txt', ...PRINT)).toEqual(PRINTED);
  },
);

test.skipIf(noBash)('a machine that is no node is left unchanged, and told what is missing', () => {
  const folder = newFolder();
  const requirements = path.join(folder, 'requirements.txt');
  writeFileSync(requirements, '');
  const machine = { id: 'echo 0', 'apt-get': 'echo apt-get "$@" >> "$LOG"' };

  expect(runScript('python-env.sh', [requirements], machine)).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'python3 with the modules venv and ensurepip is missing. This machine is no node of Azure Batch and is left unchanged: install them yourself (Debian, Ubuntu: apt install python3 python3-venv).\n',
    log: [],
  });
});

test.skipIf(noBash).each([
  [[], USAGE],
  [['missing.txt'], 'There is no file missing.txt: add it to the programs of the task.\n'],
  [
    [script, 'python', 'report.py'],
    `Write -- before the command: python-env.sh ${script} -- python report.py\n`,
  ],
])('the words %j are refused', (words, stderr) => {
  expect(runScript('python-env.sh', words, {})).toMatchObject({ status: 1, stderr, log: [] });
});

const AZURE = { AZ_BATCH_ACCOUNT_URL: 'https://account.westeurope.batch.azure.com/' };
/** Python that is there once its packages are installed, and makes an environment with a stub of itself. */
const PYTHON = `
[ -e "$HERE/installed-python3-venv" ] || exit 1
case "$*" in
  *hashlib*) echo env-1 ;;
  *'-m venv'*) mkdir -p "$3/bin"; printf '#!${bash}\\necho pip "$@" >> "$LOG"' > "$3/bin/python"; chmod +x "$3/bin/python" ;;
esac`;
const DPKG = `
for package in "$@"; do :; done
[ -e "$HERE/installed-$package" ] || exit 1
echo -n 'install ok installed'`;
const APT = `
case "$*" in *install*) echo "$*" >> "$LOG"; : > "$HERE/installed-python3"; : > "$HERE/installed-python3-venv";; esac`;

test.skipIf(noBash)('a node without Python gets it from apt, in an elevated set-up only', () => {
  const folder = newFolder();
  const requirements = path.join(folder, 'requirements.txt');
  writeFileSync(requirements, '');
  const machine = { python3: PYTHON, 'dpkg-query': DPKG, 'apt-get': APT };
  const real = ['dirname', 'mkdir', 'chmod', 'rm'];
  const environment = { ...AZURE, AZ_BATCH_NODE_SHARED_DIR: folder };
  const onNode = (id: string) =>
    runScript(
      'python-env.sh',
      [requirements],
      { ...machine, id: `echo ${id}` },
      { real, environment },
    );

  expect(onNode('1000')).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'python3 with the modules venv and ensurepip is missing on this node: run python-env.sh in pool.setup, which is elevated by default.\n',
    log: [],
  });
  expect(onNode('0')).toEqual({
    status: 0,
    stdout: `Installed: python3 python3-venv.\nThe Python environment is ready: ${folder}/python/env-1\n`,
    stderr: '',
    log: [
      '-q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install --yes --no-install-recommends python3 python3-venv',
      `pip -m pip install --quiet --no-input --disable-pip-version-check --cache-dir ${folder}/python/pip-cache --requirement ${requirements}`,
    ],
  });
});
