import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { newFolder, noBash, realPath, runScript, SHARED } from './scripts';

const locales = (list: string) => ({
  id: 'echo 0',
  locale: `printf '${list}'; [ ! -e "$HERE/made" ] || echo de_DE.utf8`,
  localedef: 'echo localedef "$@" >> "$LOG"; : > "$HERE/made"',
  'dpkg-query': "echo -n 'install ok installed'",
  'apt-get': 'exit 1',
  dirname: `echo "${SHARED}"`,
});

const create = (
  words: readonly string[],
  machine: Readonly<Record<string, string>>,
  account = 'https://account.westeurope.batch.azure.com/',
) =>
  runScript('install-locale.sh', words, machine, {
    environment: { AZ_BATCH_ACCOUNT_URL: account },
  });

test.skipIf(noBash)('an existing locale is left unchanged, however it is spelled [PY18]', () => {
  const machine = locales('C\\nC.utf8\\nde_DE.utf8\\n');

  expect(create(['de_DE.UTF-8'], { ...machine, id: 'echo 1000' })).toEqual({
    status: 0,
    stdout: 'The locale de_DE.UTF-8 exists already.\n',
    stderr: '',
    log: [],
  });
});

test.skipIf(noBash)(
  'a missing locale is created, and checked afterwards [PY16, PY18, RS24]',
  () => {
    const machine = locales('C\\nC.utf8\\n');

    expect(create(['de_DE.UTF-8'], machine)).toEqual({
      status: 0,
      stdout: 'Installed already: locales.\nThe locale de_DE.UTF-8 is created.\n',
      stderr: '',
      log: ['localedef -i de_DE -f UTF-8 de_DE.UTF-8'],
    });
    expect(create(['de_DE.UTF-8'], { ...machine, localedef: 'exit 0' }).stderr).toBe(
      'localedef succeeded, and the locale de_DE.UTF-8 does not exist: use an Ubuntu 24.04 image.\n',
    );
  },
);

test.skipIf(noBash)('an invalid locale, and a task without rights, are named', () => {
  const machine = locales('C\\n');

  expect(create(['german'], machine).stderr).toBe(
    'Name a locale: install-locale.sh en_US.UTF-8.\n',
  );
  expect(create(['de_DE.UTF-8'], { ...machine, id: 'echo 1000' }).stderr).toBe(
    'Creating the locale de_DE.UTF-8 needs administrator rights: give the task an elevated user identity.\n',
  );
});

test.skipIf(noBash)('a machine that is not a node of Azure gets no locale', () => {
  expect(create(['de_DE.UTF-8'], locales('C\\n'), 'http://127.0.0.1:10003/')).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'The locale de_DE.UTF-8 is missing. This machine is not a node of Azure Batch and is left unchanged: create the locale yourself (Debian, Ubuntu: apt install locales, then localedef -i de_DE -f UTF-8 de_DE.UTF-8).\n',
    log: [],
  });
});

/** A machine with OpenSSL, a key pair and inputs that are encrypted for it. */
function sealed(files: Readonly<Record<string, string>>) {
  const folder = newFolder();
  const openssl = (...words: string[]) => {
    const ran = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr);
  };
  const pair = ['-keyout', 'inputs.key', '-out', 'inputs.pem'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...pair, '-subj', '/CN=inputs');
  mkdirSync(path.join(folder, 'inputs'));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, 'plain'), content);
    const output = ['-outform', 'DER', '-out', `inputs/${name}`];
    openssl('cms', '-encrypt', '-binary', '-aes-256-gcm', '-in', 'plain', ...output, 'inputs.pem');
  }
  const decrypt = (...command: string[]) =>
    spawnSync('/bin/sh', [path.join(SHARED, 'decrypt-inputs.sh'), 'inputs.key', ...command], {
      cwd: folder,
      encoding: 'utf8',
    });
  return { folder, decrypt, read: (name: string) => readFileSync(path.join(folder, name), 'utf8') };
}

const noOpenssl =
  process.platform === 'win32' ||
  !spawnSync('/bin/sh', ['-c', 'openssl cms -help 2>&1'], { encoding: 'utf8' }).stdout.includes(
    '-recip',
  );

test.skipIf(noOpenssl)(
  'inputs are decrypted in place on the node before the command runs [PY6, PY7]',
  () => {
    const content = 'date,value\n2026-11-21,42\n';
    const { decrypt, read } = sealed({ '0001.csv': content, '0002.csv': 'two\n' });
    expect(read('inputs/0001.csv')).not.toContain('2026');

    const ended = decrypt('--', 'cat', 'inputs/0001.csv');

    expect([ended.status, ended.stdout]).toEqual([0, content]);
    expect(read('inputs/0002.csv')).toBe('two\n');
  },
);

test.skipIf(noOpenssl)('a retry in the same directory skips decrypted files', () => {
  const { decrypt } = sealed({ '0001.csv': 'one\n' });

  expect([decrypt().status, decrypt('--', 'cat', 'inputs/0001.csv').stdout]).toEqual([0, 'one\n']);
});

test.skipIf(noOpenssl)(
  'an input that was changed, or never encrypted, fails the task before its command',
  () => {
    const changed = sealed({ '0001.csv': 'one\n' });
    const bytes = readFileSync(path.join(changed.folder, 'inputs/0001.csv'));
    const last = bytes.length - 20;
    bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
    writeFileSync(path.join(changed.folder, 'inputs/0001.csv'), bytes);
    const open = sealed({});
    writeFileSync(path.join(open.folder, 'inputs/0001.csv'), 'one\n');

    for (const { decrypt, folder } of [changed, open]) {
      const { status, stdout, stderr } = decrypt('--', 'echo', 'ran');
      expect([status, stdout, stderr.trim().split('\n').at(-1)]).toEqual([
        1,
        '',
        'inputs/0001.csv cannot be decrypted: it is not a CMS envelope, is for another key, or was changed.',
      ]);
      expect(existsSync(path.join(folder, '.opened'))).toBe(false);
    }
  },
);

test.skipIf(noBash)(
  'mounts are checked one by one, and the command runs with unchanged arguments',
  () => {
    const mounts = newFolder();
    mkdirSync(path.join(mounts, 'maps'));
    mkdirSync(path.join(mounts, 'bare'));
    writeFileSync(path.join(mounts, 'maps', 'world'), '');
    const check = (...words: string[]) => {
      const script = path.join(SHARED, 'check-mounts.sh');
      const env = { PATH: path.dirname(realPath('ls')), AZ_BATCH_NODE_MOUNTS_DIR: mounts };
      const { status, stdout, stderr } = spawnSync('/bin/sh', [script, ...words], {
        env,
        encoding: 'utf8',
      });
      return [status, stdout, stderr];
    };

    expect(check('maps')).toEqual([0, '', '']);
    expect(check('maps', '--', '/bin/sh', '-c', 'echo "$1"', '_', 'a  b')).toEqual([
      0,
      'a  b\n',
      '',
    ]);
    const missing = (name: string) =>
      `The mount ${name} is missing: ${mounts}/${name} is empty or does not exist. Its log is beside it.\n`;
    expect(check('maps', 'bare', '--', 'echo', 'ran')).toEqual([1, '', missing('bare')]);
    expect(check('gone', 'maps')).toEqual([1, '', missing('gone')]);
  },
);
