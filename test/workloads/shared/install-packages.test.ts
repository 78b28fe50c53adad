import { expect, test } from 'vitest';
import { noBash, runScript } from './scripts';

const root = 'echo 0';
/** What the machine has installed is the files `installed-<package>` of its folder. */
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

const UPDATE = 'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 update';
const INSTALL =
  'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install --yes --no-install-recommends';

test.skipIf(noBash)(
  'only what is missing is installed, and looked at afterwards [RS6, RS24, NB7]',
  () => {
    const jqIsThere = dpkgQuery.replace('[ -e', '[ "$package" = jq ] || [ -e');

    expect(
      runScript('install-packages.sh', ['jq', 'imagemagick'], {
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

test.skipIf(noBash)('a node that has everything is left as it is, without rights', () => {
  const installed = { ...machine, id: 'echo 1000', 'dpkg-query': "echo -n 'install ok installed'" };

  expect(runScript('install-packages.sh', ['jq'], installed)).toEqual({
    status: 0,
    stdout: 'Installed already: jq.\n',
    stderr: '',
    log: [],
  });
});

test.skipIf(noBash)('a lock that others hold is waited for, with growing pauses [NB12]', () => {
  const lockedTwice = `
count=0; while read -r line; do case "$line" in *update*) count=$((count+1));; esac; done < "$LOG"
if [ "$count" -lt 2 ]; then echo apt-get "$@" >> "$LOG"; exit 100; fi
${aptGet}`;

  const ended = runScript('install-packages.sh', ['jq'], { ...machine, 'apt-get': lockedTwice });

  expect({ status: ended.status, log: ended.log }).toEqual({
    status: 0,
    log: [UPDATE, 'sleep 2', UPDATE, 'sleep 4', UPDATE, `${INSTALL} jq`],
  });
});

test.skipIf(noBash)('an installation ends after its timeout, with a reason [NB12]', () => {
  const ended = runScript(
    'install-packages.sh',
    ['jq'],
    { ...machine, 'apt-get': 'exit 100' },
    { timeoutSeconds: 0 },
  );

  expect({ status: ended.status, stderr: ended.stderr }).toEqual({
    status: 1,
    stderr: "jq could not be installed within 0 seconds: apt-get's reason is above.\n",
  });
});

test.skipIf(noBash)(
  'a success of apt-get that installed nothing fails the task [RS24, PY13]',
  () => {
    expect(
      runScript('install-packages.sh', ['jq'], { ...machine, 'apt-get': 'exit 0' }),
    ).toMatchObject({ status: 1, stderr: 'apt-get succeeded, and these are not installed: jq.\n' });
  },
);

test.skipIf(noBash).each([
  [['--allow-unauthenticated'], '--allow-unauthenticated is no package name.\n'],
  [['jq', '/tmp/evil.deb'], '/tmp/evil.deb is no package name.\n'],
  [['jq; reboot'], 'jq; reboot is no package name.\n'],
  [[], 'Name the packages: install-packages.sh jq imagemagick.\n'],
])('%j is refused', (words, stderr) => {
  expect(runScript('install-packages.sh', words, machine)).toEqual({
    status: 1,
    stdout: '',
    stderr,
    log: [],
  });
});

test.skipIf(noBash)('an image without apt-get, and a task without rights, are named', () => {
  expect(runScript('install-packages.sh', ['jq'], { id: root }).stderr).toBe(
    'This image has no apt-get: use an Ubuntu or Debian image, or one that brings the packages.\n',
  );
  expect(runScript('install-packages.sh', ['jq'], { ...machine, id: 'echo 1000' })).toMatchObject({
    status: 1,
    stderr: 'Installing jq needs administrator rights: give the task an elevated user identity.\n',
    log: [],
  });
});
