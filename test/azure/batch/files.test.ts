import { afterEach, expect, test } from 'vitest';
import { refusal, scripted, type Answer, type Script, type ScriptedBatch } from './scripted-batch';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function opened(script: Script | readonly Answer[]): Promise<ScriptedBatch> {
  open = await scripted(script);
  return open;
}

/** A node that has this text file, and answers for it as Batch does. */
function having(bytes: Buffer, pieceBytes = bytes.length): Script {
  return ({ method, headers }) => {
    if (method === 'HEAD')
      return { status: 200, headers: { 'content-length': String(bytes.length) } };
    const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers['ocp-range']));
    const part = bytes.subarray(Number(range?.[1]), Number(range?.[2]) + 1);
    const pieces: Buffer[] = [];
    for (let at = 0; at < part.length; at += pieceBytes)
      pieces.push(part.subarray(at, at + pieceBytes));
    // Not 206: the client takes 200 alone for a part, too.
    return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: pieces };
  };
}

function reading(line: ScriptedBatch, maxBytes: number): Promise<string | null> {
  return line.batch.readTaskFile('hello-1', 't1', 'stderr.txt', maxBytes);
}

const text = 'Größe: 日本 \u{1F600} end';

test('a log is read as UTF-8, however its bytes are split [PY19]', async () => {
  for (const pieceBytes of [1, 2, 3, 5]) {
    const line = await opened(having(Buffer.from(text), pieceBytes));
    expect(await reading(line, 1000)).toBe(text);
    await line.close();
  }
});

test('of a long log the end is read, and never half a letter [PY19]', async () => {
  const bytes = Buffer.from(text);
  for (let most = 1; most <= bytes.length; most++) {
    const line = await opened(having(bytes));
    const tail = await reading(line, most);
    await line.close();

    expect(text.endsWith(tail ?? '?'), `${most} bytes`).toBe(true);
    expect(Buffer.byteLength(tail ?? '')).toBeGreaterThan(most - 4);
    expect(tail).not.toContain('\uFFFD');
  }
});

test('no more is asked of the node than what is wanted, in the form that Batch understands', async () => {
  const line = await opened(having(Buffer.from('0123456789')));

  expect(await reading(line, 4)).toBe('6789');
  expect(
    line.asked.map(({ method, path, headers }) => [method, path, headers['ocp-range']]),
  ).toEqual([
    ['HEAD', '/jobs/hello-1/tasks/t1/files/stderr.txt', undefined],
    ['GET', '/jobs/hello-1/tasks/t1/files/stderr.txt', 'bytes=6-9'],
  ]);
});

test('an empty log is empty, and no part of it is asked for', async () => {
  const line = await opened(having(Buffer.alloc(0)));

  expect(await reading(line, 100)).toBe('');
  expect(line.asked).toHaveLength(1);
});

test.each([
  ['a file that was never written', [{ status: 404 }]],
  ['a task that has not started', [{ status: 409 }]],
  [
    'a file that is gone meanwhile',
    [{ status: 200, headers: { 'content-length': '9' } }, { status: 404 }],
  ],
  [
    'a file that has shrunk meanwhile',
    [{ status: 200, headers: { 'content-length': '9' } }, { status: 416 }],
  ],
] satisfies readonly (readonly [string, readonly Answer[]])[])(
  '%s is no log',
  async (_what, answers) => {
    const line = await opened(answers);

    expect(await reading(line, 100)).toBeNull();
  },
);

test('a log is read again after a connection reset', async () => {
  const good = having(Buffer.from(text));
  const line = await opened((asked, number) =>
    number === 2
      ? { status: 200, cut: 'before' }
      : number === 3
        ? refusal(503, 'ServerBusy')
        : good(asked, number),
  );

  expect(await reading(line, 1000)).toBe(text);
  expect(line.pauses).toEqual([500, 1000]);
});

test('the set-up log is read from a node on which the set-up failed, if there is one [NB16]', async () => {
  const failing = having(Buffer.from('apt: no such package\n'));
  const line = await opened((asked, number) =>
    asked.path.startsWith('/pools/hello-1/nodes?')
      ? { status: 200, body: { value: [{ id: 'tvm-1' }, { id: 'tvm-2' }] } }
      : failing(asked, number),
  );

  expect(await line.batch.readStartTaskFile('hello-1', 'stderr.txt', 1000)).toBe(
    'apt: no such package\n',
  );
  expect(line.asked.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)).toEqual([
    "GET /pools/hello-1/nodes?$filter=state eq 'starttaskfailed'",
    'HEAD /pools/hello-1/nodes/tvm-1/files/startup/stderr.txt',
    'GET /pools/hello-1/nodes/tvm-1/files/startup/stderr.txt',
  ]);
});

test('a deleted pool, or one without a failed or waiting node, has no start task log', async () => {
  const gone = await opened([refusal(404, 'PoolNotFound')]);
  expect(await gone.batch.readStartTaskFile('hello-1', 'stderr.txt', 1000)).toBeNull();

  const empty = await opened([{ status: 200, body: { value: [] } }]);
  expect(await empty.batch.readStartTaskFile('hello-1', 'stderr.txt', 1000)).toBeNull();
  expect(empty.asked.map(({ path }) => decodeURIComponent(path))).toEqual([
    "/pools/hello-1/nodes?$filter=state eq 'starttaskfailed'",
    "/pools/hello-1/nodes?$filter=state eq 'waitingforstarttask'",
  ]);
});

test('a log is read as UTF-8 unless another encoding is set [NB18]', async () => {
  const bytes = Buffer.from('Größe', 'latin1');
  const line = await opened(having(bytes));

  expect(await line.batch.readTaskFile('hello-1', 't1', 'stderr.txt', 1000, 'latin1')).toBe(
    'Größe',
  );
  expect(await line.batch.readTaskFile('hello-1', 't1', 'stderr.txt', 1000)).toBe(
    'Gr\uFFFD\uFFFDe',
  );
});
