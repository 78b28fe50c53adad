import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';

const bash = ['/bin/bash', '/usr/bin/bash'].find((file) => existsSync(file));
const noBash = process.platform === 'win32' || bash === undefined;
const script = path.join(__dirname, '../../../src/workloads/shared/install-node.sh');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs the script on a machine where only these programs exist. */
function install(
  programs: Readonly<Record<string, string>>,
  { timeoutSeconds = 600, account = 'https://account.westeurope.batch.azure.com/' } = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'install-node-'));
  folders.push(folder);
  for (const [name, body] of Object.entries({ sleep: 'echo sleep "$@" >> "$LOG"', ...programs })) {
    writeFileSync(path.join(folder, name), `#!${bash}\n${body}\n`);
    chmodSync(path.join(folder, name), 0o755);
  }
  symlinkSync('/bin/chmod', path.join(folder, 'chmod'));

  const log = path.join(folder, 'log');
  writeFileSync(log, '');
  const { status, stdout, stderr } = spawnSync(bash ?? '', [script], {
    env: {
      PATH: folder,
      LOG: log,
      HERE: folder,
      INSTALL_TIMEOUT_SECONDS: String(timeoutSeconds),
      AZ_BATCH_ACCOUNT_URL: account,
    },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, log: readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}

const root = 'echo 0';
const aptGet = (version: string) => `
echo apt-get "$@" >> "$LOG"
case "$*" in *install*) echo '#!${bash}
echo ${version}' > "$HERE/node"; chmod +x "$HERE/node";; esac`;

const UPDATE = 'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 update';
const INSTALL =
  'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install --yes --no-install-recommends nodejs';

test.skipIf(noBash)('a node that has Node.js 18 or later is left unchanged', () => {
  expect(install({ node: 'echo v18.0.0' })).toEqual({
    status: 0,
    stdout: 'Node.js v18.0.0 is installed already.\n',
    stderr: '',
    log: [],
  });
});

test.skipIf(noBash)(
  'Node.js is installed if it is missing, and its version is checked [RS6] [RS24]',
  () => {
    const ended = install({ id: root, 'apt-get': aptGet('v18.19.1') });

    expect(ended).toEqual({
      status: 0,
      stdout: 'Node.js v18.19.1 is installed.\n',
      stderr: '',
      log: [UPDATE, INSTALL],
    });
  },
);

test.skipIf(noBash)('a lock of another process is waited for, with growing pauses [NB12]', () => {
  const lockedTwice = `
if [ "$(grep -c update "$LOG")" -lt 2 ]; then echo apt-get "$@" >> "$LOG"; exit 100; fi
${aptGet('v18.19.1')}`;
  const grep =
    'count=0; while read -r line; do case "$line" in *update*) count=$((count+1));; esac; done < "$3"; echo $count';

  const ended = install({ id: root, grep, 'apt-get': lockedTwice });

  expect({ status: ended.status, log: ended.log }).toEqual({
    status: 0,
    log: [UPDATE, 'sleep 2', UPDATE, 'sleep 4', UPDATE, INSTALL],
  });
});

test.skipIf(noBash)('after the timeout the task fails with a reason [NB12]', () => {
  const ended = install({ id: root, 'apt-get': 'exit 100' }, { timeoutSeconds: 0 });

  expect({ status: ended.status, stderr: ended.stderr }).toEqual({
    status: 1,
    stderr: "Node.js could not be installed within 0 seconds: apt-get's reason is above.\n",
  });
});

test.skipIf(noBash)(
  'an installation of an old version, or of none, fails the start task [RS24] [PY13]',
  () => {
    expect(install({ id: root, 'apt-get': aptGet('v12.22.9') }).stderr).toBe(
      'apt-get installed nodejs, but the node on the PATH is version 12 and the programs need 18: use an Ubuntu 24.04 image.\n',
    );
    expect(install({ id: root, 'apt-get': 'exit 0' }).status).toBe(1);
  },
);

test.skipIf(noBash)('an image without apt-get, and a task without rights, are named', () => {
  expect(install({ id: root })).toMatchObject({
    status: 1,
    stderr:
      'Node.js 18 or later is missing and this image has no apt-get: use an Ubuntu 24.04 image, or one that contains Node.js.\n',
  });
  expect(install({ id: 'echo 1000', 'apt-get': aptGet('v18.19.1') })).toMatchObject({
    status: 1,
    stderr:
      'Installing Node.js needs administrator rights: give the start task an elevated user identity.\n',
    log: [],
  });
});

test.skipIf(noBash)('a machine that is not a node of Azure is left unchanged', () => {
  const laptop = { account: 'http://127.0.0.1:10003/' };
  const missing = {
    status: 1,
    stdout: '',
    stderr:
      'Node.js 18 or later is missing. This machine is not a node of Azure Batch and is left unchanged: install Node.js yourself (Debian, Ubuntu: apt install nodejs).\n',
    log: [],
  };

  expect(install({ id: root, 'apt-get': aptGet('v18.19.1') }, laptop)).toEqual(missing);
  expect(install({ id: root }, { account: '' })).toEqual(missing);
  expect(install({ node: 'echo v22.1.0' }, laptop)).toMatchObject({ status: 0, log: [] });
});
