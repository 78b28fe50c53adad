import { transformSync } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as zod from 'zod';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { programsOf } from '../../src/workload/programs';
import { defineWorkload, type WorkloadDeclaration } from '../../src/workload/workload';
import { bash, newFolder, SHARED } from '../workloads/shared/scripts';
import { hasVenv, skipReason, writeWheel } from '../workloads/shared/python';
import { textOf } from './documents';

/** The code that a reader copies from docs/from-crontab.md has to work unchanged. */

const page = textOf('docs/from-crontab.md');
const folder = 'src/workloads/daily-sales/programs';

/** The code block that follows the first mention of a file. */
function codeFor(file: string): string {
  const [, code] = /```\w*\n([\s\S]*?)```/.exec(page.slice(page.indexOf(`\`${file}\``))) ?? [];
  if (code === undefined) throw new Error(`the page has no code for ${file}`);
  return code;
}

function declaration(): WorkloadDeclaration {
  const source = codeFor('src/workloads/daily-sales.ts');
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs' });
  const require = (name: string) => (name === 'zod' ? zod : { defineWorkload });
  const module = { exports: {} as Record<string, WorkloadDeclaration> };
  // oxlint-disable-next-line typescript/no-implied-eval -- it is our own page
  new Function('module', 'exports', 'require', code)(module, module.exports, require);
  const declared = module.exports['dailySales'];
  if (declared === undefined) throw new Error('the page declares no dailySales');
  return declared;
}

test('the workload of the crontab page is accepted, and all its programs are on the page or shared', () => {
  const workload = checkWorkloads([declaration()]).get('daily-sales');
  const programs = workload === undefined ? [] : programsOf(workload);

  expect([...programs].sort()).toEqual([
    'deliver.py',
    'install-packages.sh',
    'python-env.sh',
    'report.py',
    'requirements.txt',
  ]);
  expect(
    programs.filter((name) => !name.endsWith('.sh')).map((name) => `${folder}/${name}`),
  ).toSatisfy((files: string[]) => files.every((file) => codeFor(file) !== ''));
});

/** A container that keeps what is put into it. */
async function receiver() {
  const received: { url: string | undefined; type: unknown; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString('utf8')));
    request.on('end', () => {
      received.push({ url: request.url, type: request.headers['x-ms-blob-type'], body });
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { received, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Runs a command line of the page in the working directory of a task. */
async function run(command: string, cwd: string, environment: Readonly<Record<string, string>>) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const child = spawn('env', [...variables, bash, '-c', `exec ${command}`], { cwd });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString('utf8')));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stderr };
}

test.skipIf(!hasVenv)(
  `the programs of the crontab page report the day before, and deliver it${skipReason}`,
  { timeout: 600_000 },
  async () => {
    const node = newFolder();
    const task = path.join(node, 'task');
    for (const name of ['task/inputs', 'task/secrets', 'shared', 'index']) {
      mkdirSync(path.join(node, name), { recursive: true });
    }
    for (const name of ['requirements.txt', 'report.py', 'deliver.py']) {
      writeFileSync(path.join(task, name), codeFor(`${folder}/${name}`));
    }
    copyFileSync(path.join(SHARED, 'python-env.sh'), path.join(task, 'python-env.sh'));
    writeWheel(
      path.join(node, 'index'),
      'tabulate',
      '0.9.0',
      "def tabulate(rows, headers):\n    return '\\n'.join(' '.join(map(str, row)) for row in [headers, *rows])\n",
    );
    const sales = 'region,amount\nnorth,3\nsouth,4.5\nnorth,2\n';
    writeFileSync(path.join(task, 'inputs/0001.csv'), sales);
    writeFileSync(path.join(task, 'inputs/0002.csv'), 'region,amount\nnorth,1000\n');
    const list = [
      { file: 'inputs/0001.csv', name: 'sales-2026-11-20.csv', size: sales.length },
      { file: 'inputs/0002.csv', name: 'sales-2026-11-19.csv', size: 27 },
    ];
    writeFileSync(path.join(task, 'inputs.json'), JSON.stringify(list));
    const { received, address } = await receiver();
    writeFileSync(path.join(task, 'secrets/sales-delivery-url'), `${address}/reports?sig=x\n`);
    const environment = {
      HOME: node,
      AZ_BATCH_NODE_SHARED_DIR: path.join(node, 'shared'),
      AZ_BATCH_ACCOUNT_URL: 'http://127.0.0.1:10003/',
      RUN_STARTED_AT: '2026-11-21T02:30:04.000Z',
      RUN_DUE_AT: '2026-11-21T02:30:00.000Z',
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: path.join(node, 'index'),
    };
    const { pool, work } = declaration();
    const jobManager = 'jobManager' in work ? work.jobManager.command : '';

    expect(await run(pool.setup?.command ?? '', task, environment)).toEqual({
      status: 0,
      stderr: '',
    });
    expect(await run(jobManager, task, environment)).toEqual({ status: 0, stderr: '' });
    const report = 'region amount\nnorth 5.0\nsouth 4.5\n';
    expect(readFileSync(path.join(task, 'outputs/sales-2026-11-20.txt'), 'utf8')).toBe(report);
    expect(received).toEqual([
      { url: '/reports/sales-2026-11-20.txt?sig=x', type: 'BlockBlob', body: report },
    ]);
  },
);

test.skipIf(!hasVenv)(
  `the line for a monitor fails for a failed run alone${skipReason}`,
  { timeout: 600_000 },
  () => {
    const [, script = ''] = /latest \| python3 -c '\n([\s\S]*?)'\n```/.exec(page) ?? [];
    const ask = (status: string) =>
      spawnSync('python3', ['-c', script], {
        input: JSON.stringify({ run: { runId: 'r-1', status, cause: 'no input' } }),
        encoding: 'utf8',
      });

    expect([ask('succeeded'), ask('running')].map(({ status }) => status)).toEqual([0, 0]);
    expect(ask('failed')).toMatchObject({ status: 1, stderr: 'r-1: no input\n' });
  },
);
