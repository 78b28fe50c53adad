import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { noBash, runScript, SHARED, type Ran } from './scripts';

const NODE = { AZ_BATCH_ACCOUNT_URL: 'https://account.westeurope.batch.azure.com/' };

const root = 'echo 0';
/** The installed packages are the files `installed-<package>` of its folder. */
const dpkgQuery = `
for package in "$@"; do :; done
[ -e "$HERE/installed-$package" ] || exit 1
echo -n 'install ok installed'`;
const aptGet = `
echo apt-get "$@" >> "$LOG"
case "$*" in *install*) for package in "$@"; do case "$package" in -*|install) ;; *) : > "$HERE/installed-$package";; esac; done;; esac`;
const machine = {
  id: root,
  'dpkg-query': dpkgQuery,
  'apt-get': aptGet,
  sleep: 'echo sleep "$@" >> "$LOG"',
};

function onNode(
  words: readonly string[],
  programs: Readonly<Record<string, string>>,
  timeoutSeconds = 600,
): Ran {
  return runScript('install-packages.sh', words, programs, { timeoutSeconds, environment: NODE });
}

const UPDATE = 'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 update';
const INSTALL =
  'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install --yes --no-install-recommends';

test.skipIf(noBash)(
  'only missing packages are installed, and checked afterwards [RS6, RS24, NB7]',
  () => {
    const jqIsThere = dpkgQuery.replace('[ -e', '[ "$package" = jq ] || [ -e');

    expect(
      onNode(['jq', 'imagemagick'], {
        ...machine,
        'dpkg-query': jqIsThere,
      }),
    ).toEqual({
      status: 0,
      stdout: 'Installed: imagemagick.\n',
      stderr: '',
      log: [UPDATE, `${INSTALL} imagemagick`],
    });
  },
);

test.skipIf(noBash)('a node that has everything is left unchanged, without rights', () => {
  const installed = { ...machine, id: 'echo 1000', 'dpkg-query': "echo -n 'install ok installed'" };

  expect(onNode(['jq'], installed)).toEqual({
    status: 0,
    stdout: 'Installed already: jq.\n',
    stderr: '',
    log: [],
  });
});

test.skipIf(noBash)('a lock of another process is waited for, with growing pauses [NB12]', () => {
  const lockedTwice = `
count=0; while read -r line; do case "$line" in *update*) count=$((count+1));; esac; done < "$LOG"
if [ "$count" -lt 2 ]; then echo apt-get "$@" >> "$LOG"; exit 100; fi
${aptGet}`;

  const ended = onNode(['jq'], { ...machine, 'apt-get': lockedTwice });

  expect({ status: ended.status, log: ended.log }).toEqual({
    status: 0,
    log: [UPDATE, 'sleep 2', UPDATE, 'sleep 4', UPDATE, `${INSTALL} jq`],
  });
});

test.skipIf(noBash)('after the timeout the task fails with a reason [NB12]', () => {
  const ended = onNode(['jq'], { ...machine, 'apt-get': 'exit 100' }, 0);

  expect({ status: ended.status, stderr: ended.stderr }).toEqual({
    status: 1,
    stderr: "jq could not be installed within 0 seconds: apt-get's reason is above.\n",
  });
});

test.skipIf(noBash)(
  'a success of apt-get that installed nothing fails the task [RS24, PY13]',
  () => {
    expect(onNode(['jq'], { ...machine, 'apt-get': 'exit 0' })).toMatchObject({
      status: 1,
      stderr: 'apt-get succeeded, and these are not installed: jq.\n',
    });
  },
);

test.skipIf(noBash).each([
  [['--allow-unauthenticated'], '--allow-unauthenticated is not a package name.\n'],
  [['jq', '/tmp/evil.deb'], '/tmp/evil.deb is not a package name.\n'],
  [['jq; reboot'], 'jq; reboot is not a package name.\n'],
  [[], 'Name the packages: install-packages.sh jq imagemagick.\n'],
])('%j is refused', (words, stderr) => {
  expect(onNode(words, machine)).toEqual({
    status: 1,
    stdout: '',
    stderr,
    log: [],
  });
});

test.skipIf(noBash)('an image without apt-get, and a task without rights, are named', () => {
  expect(onNode(['jq'], { id: root }).stderr).toBe(
    'This image has no apt-get: use an Ubuntu or Debian image, or one that contains the packages.\n',
  );
  expect(onNode(['jq'], { ...machine, id: 'echo 1000' })).toMatchObject({
    status: 1,
    stderr: 'Installing jq needs administrator rights: give the task an elevated user identity.\n',
    log: [],
  });
});

const LAPTOP = { AZ_BATCH_ACCOUNT_URL: 'http://127.0.0.1:10003/' };

test.skipIf(noBash).each([
  ['the local Batch stand-in', LAPTOP],
  ['no Batch account', {}],
])('with %s a machine is left unchanged, and the missing packages are named', (_, environment) => {
  const jqIsThere = dpkgQuery.replace('[ -e', '[ "$package" = jq ] || [ -e');
  const debian = { ...machine, 'dpkg-query': jqIsThere };

  expect(
    runScript('install-packages.sh', ['jq', 'imagemagick', 'tree'], debian, { environment }),
  ).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'Missing: imagemagick tree. This machine is not a node of Azure Batch and is left unchanged: install them yourself (Debian, Ubuntu: apt install imagemagick tree).\n',
    log: [],
  });
  expect(runScript('install-packages.sh', ['jq'], debian, { environment })).toMatchObject({
    status: 0,
    stdout: 'Installed already: jq.\n',
  });
});

test.skipIf(noBash)('on a laptop without dpkg, commands and formulas of Homebrew count', () => {
  const mac = { id: 'echo 501', jq: '', brew: '[ "$3" = imagemagick ]' };
  const onMac = (...words: string[]) =>
    runScript('install-packages.sh', words, mac, { environment: LAPTOP });

  expect(onMac('jq', 'imagemagick')).toMatchObject({
    status: 0,
    stdout: 'Installed already: jq imagemagick.\n',
  });
  expect(onMac('jq', 'tree')).toMatchObject({
    status: 1,
    stderr:
      'Missing: tree. This machine is not a node of Azure Batch and is left unchanged: install them yourself (Debian, Ubuntu: apt install tree).\n',
  });
});

test('every script that installs recognizes a node of Azure Batch by the same test', () => {
  const files = readdirSync(SHARED).filter((name) => name.endsWith('.sh'));
  const scripts = files.map((name) => readFileSync(path.join(SHARED, name), 'utf8'));
  const installing = scripts.filter((text) => /apt-get|install-packages\.sh"/.test(text));
  const tests = installing.map((text) => /^is_azure_node\(\) \{[^]*?^\}$/m.exec(text)?.[0]);

  expect(installing.length).toBeGreaterThanOrEqual(3);
  expect([...new Set(tests)]).toEqual([expect.stringContaining('AZ_BATCH_ACCOUNT_URL')]);
});
