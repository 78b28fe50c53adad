import https from 'node:https';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropUrl } from '../../local/cli/storage-access';
import { realClock } from '../../local/clock';
import {
  ask,
  closeWorld,
  ended,
  eventually,
  leftBy,
  onlyRecord,
  openWorld,
  root,
  runsOf,
  type World,
} from './environment';

/** Requests, blob names and settings that are wrong, by accident or on purpose. */

let world: World;
beforeAll(async () => {
  world = await openWorld({ name: 'hostile' });
});
afterAll(() => closeWorld(world));

/** All there is that a run could have made. */
async function everything(): Promise<unknown> {
  const containers: string[] = [];
  for await (const { name } of world.blobs.listContainers()) containers.push(name);
  const { body } = await ask(world, 'GET /api/runs');
  return {
    // The host's own, and the one in which the app keeps its mark.
    containers: containers
      .filter((name) => name !== 'azure-webjobs-hosts' && name !== 'runs')
      .sort(),
    pools: (await world.batch.pool.list()).length,
    jobs: (await world.batch.job.list()).length,
    runs: body,
  };
}

const NOTHING = { containers: [], pools: 0, jobs: 0, runs: { runs: [], next: null } };

const LARGEST = 64 * 1024;

/** What is asked, with what body, and how it is refused. */
const refused: readonly (readonly [string, string, unknown, Record<string, unknown>])[] = [
  [
    'an unknown workload',
    'POST /api/runs/nigthly-report',
    {},
    {
      type: 'urn:nightshift:unknownWorkload',
      title: 'unknownWorkload',
      status: 404,
      detail: 'no workload is called "nigthly-report"; known workloads: nightly-report, render',
    },
  ],
  [
    'a body that is no JSON',
    'POST /api/runs/render',
    '{"parameters": ',
    {
      type: 'urn:nightshift:badRequest',
      title: 'badRequest',
      status: 400,
      detail: 'the request has validation errors: body: must be JSON, such as {"parameters": {}}',
      errors: [{ field: 'body', message: 'must be JSON, such as {"parameters": {}}' }],
    },
  ],
  [
    'parameters of which several are wrong',
    'POST /api/runs/render',
    { parameters: { width: 1e9, height: '720', tile: 240.5, depth: 3 } },
    {
      type: 'urn:nightshift:badRequest',
      title: 'badRequest',
      status: 400,
      detail: expect.stringContaining('parameters.width'),
      errors: expect.arrayContaining(
        ['parameters.width', 'parameters.height', 'parameters.tile'].map((field) =>
          expect.objectContaining({ field }),
        ),
      ),
    },
  ],
  [
    'a field that nobody knows',
    'POST /api/runs/render',
    { parameter: { width: 640 }, blob: '' },
    {
      type: 'urn:nightshift:badRequest',
      title: 'badRequest',
      status: 400,
      detail: expect.stringContaining('parameter'),
      errors: expect.arrayContaining([expect.objectContaining({ field: 'blob' })]),
    },
  ],
  [
    'a body that is too large',
    'POST /api/runs/render',
    JSON.stringify({ parameters: { title: 'x'.repeat(LARGEST) } }),
    {
      type: 'urn:nightshift:bodyTooLarge',
      title: 'bodyTooLarge',
      status: 413,
      detail: `the body has more than ${LARGEST} bytes; store the data in a blob and pass its name`,
    },
  ],
  [
    'a run that there is not',
    'GET /api/runs/render-0123456789abcdef',
    undefined,
    {
      type: 'urn:nightshift:unknownRun',
      title: 'unknownRun',
      status: 404,
      detail: 'no run has the id render-0123456789abcdef',
    },
  ],
  [
    'an id that leads elsewhere',
    'GET /api/runs/..%2f..%2fadmin',
    undefined,
    {
      type: 'urn:nightshift:unknownRun',
      title: 'unknownRun',
      status: 404,
      // As Azure's web server has it: a slash that came as %2f parts no segments.
      detail: '"..%2f..%2fadmin" is not a run id; GET /api/runs lists the runs',
    },
  ],
];

test.each(refused)('%s is refused with a message, and nothing is left behind', async (...row) => {
  const [, call, body, problem] = row;
  const answer = await ask(world, call, body);

  expect(answer.status).toBe(problem['status']);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toEqual(problem);
  expect(await everything()).toEqual(NOTHING);
});

const CLIMBER = '../../x.ply';
const CLIMBED = {
  status: 'failed',
  cause: {
    code: 'inputRefused',
    message: `blob inbox/${CLIMBER} has a name that the client cannot address; rename it without ".." as a folder`,
  },
};

test('a blob whose name leads out of its container gets a run that fails with the reason and accesses nothing', async () => {
  await put('inbox', '%2e%2e%2f%2e%2e%2fx.ply', 'ply');
  // No client can read such a blob: the host cannot hand it over, says so in its log, and gives up.
  await eventually(
    world,
    'the refusal of the event',
    async () =>
      [
        'render-blob cannot receive "inbox/../../x.ply": ',
        'moved to queue webjobs-blobtrigger-poison',
      ].every((words) => world.lines.some((line) => line.includes(words))) || undefined,
  );
  const [dropped] = await eventually(world, 'the run of the blob', async () => {
    const runs = await runsOf(world, 'render');
    return runs.length > 0 ? runs : undefined;
  });
  const run = await ended(world, dropped?.runId ?? '');

  expect(run).toMatchObject(CLIMBED);
  expect(run.record).toMatchObject({
    occurrence: { kind: 'blob', container: 'inbox', name: CLIMBER },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
  expect(await runsOf(world, 'render')).toHaveLength(1);
  expect(filesCalled('x.ply')).toEqual([]);
});

test('the same name over HTTP fails its run with the same message', async () => {
  const { body } = await ask(world, 'POST /api/runs/render', { blob: CLIMBER });
  const run = await ended(world, (body as { runId: string }).runId);

  expect(run).toMatchObject(CLIMBED);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
  expect(filesCalled('x.ply')).toEqual([]);
});

test('a poison message that names no workload starts nothing', async () => {
  const messages = [
    'no event at all',
    JSON.stringify({ FunctionId: 'Host.Functions.x', ContainerName: 'a', BlobName: 'b' }),
    JSON.stringify({ FunctionId: 'Host.Functions.render-blob', ContainerName: 'a' }),
  ];
  const before = await everything();

  for (const input of messages) {
    const { status } = await ask(world, 'POST /admin/functions/blob-poison', { input });
    expect(status).toBe(202);
  }

  await eventually(world, 'the end of the messages', async () => {
    const words =
      'is not about a workload of this app; it is moved to webjobs-blobtrigger-poison-poison';
    return world.lines.filter((line) => line.includes(words)).length >= 3 || undefined;
  });
  expect(await everything()).toEqual(before);
});

/** Stores a blob under a name that clients would tidy up first. */
async function put(container: string, rawName: string, text: string): Promise<void> {
  const url = new URL(await dropUrl(world.blobs, container, later()));
  const { statusCode } = await new Promise<{ statusCode?: number | undefined }>(
    (resolve, reject) => {
      const request = https.request(
        {
          host: url.hostname,
          port: url.port,
          ca: world.environment.certificate.cert,
          method: 'PUT',
          path: `${url.pathname}/${rawName}${url.search}`,
          headers: { 'x-ms-blob-type': 'BlockBlob', 'content-length': text.length },
        },
        (response) => {
          response.resume();
          resolve(response);
        },
      );
      request.once('error', reject);
      request.end(text);
    },
  );
  expect(statusCode).toBe(201);
}

function later(): Date {
  return new Date(realClock.now().getTime() + 3_600_000);
}

/** In all that the environment keeps, the nodes' directories among it. */
function filesCalled(name: string): string[] {
  const everywhere = readdirSync(world.folder, { recursive: true, encoding: 'utf8' });
  return everywhere.filter((file) => basename(file) === name);
}

test('an app with missing and wrong settings does not start, and names every one of them at once', () => {
  const unused = join(world.folder, 'never');
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'dist', 'local', 'functions', 'main.js'),
      '--app',
      root,
      '--data',
      unused,
      '--port',
      '0',
      // What is set for Core Tools would fill in what is missing.
      '--no-local-settings',
    ],
    {
      encoding: 'utf8',
      env: {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        BLOB_TRIGGER_SOURCE: 'sometimes',
        SCHEDULE_NIGHTLY_REPORT: 'every night',
      },
    },
  );

  expect(status).toBe(1);
  const mistakes = stderr
    .split('\n')
    .flatMap((line) => /^ {2}(\w+): (.+)$/.exec(line)?.slice(1, 3) ?? []);
  expect(mistakes).toEqual([
    'BATCH_ACCOUNT_ENDPOINT',
    'missing; it is the Batch account, such as https://myaccount.westeurope.batch.azure.com',
    'BLOB_TRIGGER_SOURCE',
    'not valid; it is EventGrid on Flex Consumption, LogsAndContainerScan elsewhere',
    'SCHEDULE_NIGHTLY_REPORT',
    expect.any(String),
    'AzureWebJobsStorage__blobServiceUri',
    expect.stringMatching(/^missing; /),
    'KEY_VAULT_URI',
    expect.stringMatching(/^missing; /),
  ]);
});
