import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EventType } from '../../../../local/functions/durable/history';
import type { HubRecord, Seed } from '../../../../local/functions/durable/records';
import { save, type HubState } from '../../../../local/functions/durable/state';
import {
  DiskStore,
  MemoryStore,
  type DiskOptions,
} from '../../../../local/functions/durable/store';
import { temporaryFolder } from '../host-process';

// The journal, the snapshot and the archive: whatever a crash leaves, the state is one that was.

const TIME = '2030-01-01T00:00:00.000Z';

function seed(id: string): Seed {
  const time = TIME;
  return { id, executionId: `x-${id}`, name: 'n', version: '', input: '"Ω"', parent: null, time };
}

function start(id: string): HubRecord {
  return { kind: 'start', seed: seed(id) };
}

function raise(id: string, word: string): HubRecord {
  const event = { EventType: EventType.EventRaised, EventId: -1, Timestamp: TIME } as const;
  return { kind: 'event', id, event: { ...event, Name: 'E', Input: JSON.stringify(word) } };
}

/** A turn that takes all there is; with an output it is the last. */
function turn(id: string, taken: number, output?: string): HubRecord {
  const isLast = output !== undefined;
  return {
    kind: 'turn',
    id,
    time: TIME,
    taken,
    status: isLast ? 'Completed' : 'Running',
    customStatus: null,
    ...(isLast ? { output } : {}),
    events: [{ EventType: EventType.OrchestratorStarted, EventId: -1, Timestamp: TIME }],
    activities: isLast ? [] : [[0, { name: 'a', input: { n: 1 } }]],
    timers: isLast ? [] : [[1, 5]],
    children: isLast ? [] : [seed(`${id}-child`)],
    operations: [{ to: '@counter@c', message: { kind: 'request', op: 'add', id: '1' } }],
  };
}

function open(folder: string, options: Partial<DiskOptions> = {}): DiskStore {
  return new DiskStore({
    folder,
    fsync: false,
    log: () => {},
    onBroken: (error) => {
      throw error;
    },
    ...options,
  });
}

/** Everything in it, comparable. */
function picture(state: HubState): unknown {
  const archived = [...state.archive.rows.keys()].map((id) => state.archive.read(id));
  const ended = archived.flatMap((instance) => (instance === undefined ? [] : [instance]));
  const instances = [...state.instances.values(), ...ended].map(save);
  return {
    instances: instances.sort((a, b) => (a.id < b.id ? -1 : 1)),
    entities: [...state.entities.values()],
  };
}

async function opened<T>(folder: string, look: (store: DiskStore) => T): Promise<T> {
  const store = open(folder);
  const seen = look(store);
  await store.close();
  return seen;
}

async function withRecords(
  records: readonly HubRecord[],
  options: Partial<DiskOptions> = {},
): Promise<string> {
  const folder = temporaryFolder();
  const store = open(folder, options);
  for (const record of records) await store.commit(record).written;
  await store.close();
  return folder;
}

function copyOf(folder: string): string {
  const copy = temporaryFolder();
  fs.cpSync(folder, copy, { recursive: true });
  return copy;
}

test('truncated at any byte, the journal restores the state of its last complete record', async () => {
  const records = [
    start('a'),
    turn('a', 1),
    raise('a', 'ä€😀'),
    start('b'),
    turn('a', 1, '"done"'),
    { kind: 'purge', ids: ['b'] } satisfies HubRecord,
  ];
  const folder = await withRecords(records);
  const file = path.join(folder, 'journal-0.jsonl');
  const whole = fs.readFileSync(file);
  // What each number of whole lines amounts to, told by a store that never saw a file.
  const memory = new MemoryStore();
  const pictures = [picture(memory.state)];
  for (const record of records) {
    memory.commit(record);
    pictures.push(structuredClone(picture(memory.state)));
  }

  for (let length = 0; length <= whole.length; length++) {
    fs.writeFileSync(file, whole.subarray(0, length));
    const lines = whole.subarray(0, length).filter((byte) => byte === 10).length;
    expect(await opened(folder, ({ state }) => picture(state))).toEqual(pictures[lines]);
    expect(fs.statSync(file).size).toBe(whole.subarray(0, length).lastIndexOf(10) + 1);
  }
});

test('a byte that has changed ends the journal there, with a warning', async () => {
  const folder = await withRecords([start('a'), start('b'), start('c')]);
  const file = path.join(folder, 'journal-0.jsonl');
  const bytes = fs.readFileSync(file);
  bytes[bytes.indexOf(10) + 40] = 65;
  fs.writeFileSync(file, bytes);
  const lines: string[] = [];
  const store = open(folder, { log: (level, line) => lines.push(`${level}: ${line}`) });
  await store.close();

  expect([...store.state.instances.keys()]).toEqual(['a']);
  expect(lines).toEqual([
    `warning: The journal ended in ${bytes.length - bytes.indexOf(10) - 1} bytes of an incomplete record, which are discarded.`,
  ]);
});

test('records committed after a truncation follow the complete ones', async () => {
  const folder = await withRecords([start('a')]);
  fs.appendFileSync(path.join(folder, 'journal-0.jsonl'), '12345678 {"kind":"sta');
  const store = open(folder);
  await store.commit(start('b')).written;
  await store.close();

  expect(await opened(folder, ({ state }) => [...state.instances.keys()])).toEqual(['a', 'b']);
});

test('a snapshot replaces the journal, and ended instances leave memory', async () => {
  const records = [start('a'), turn('a', 1), turn('a', 0, '"done"'), start('b'), raise('b', 'x')];
  const folder = await withRecords(records, { snapshotBytes: 1 });
  const expected = await opened(await withRecords(records), ({ state }) => picture(state));

  await opened(folder, ({ state }) => {
    expect([...state.instances.keys()]).toEqual(['a-child', 'b']);
    expect([...state.archive.rows.keys()]).toEqual(['a']);
    expect(picture(state)).toEqual(expected);
  });
  expect(fs.readdirSync(folder).sort()).toEqual([
    'archive-0.data.jsonl',
    'archive-0.index.jsonl',
    'journal-5.jsonl',
    'snapshot.jsonl',
  ]);
});

test('a crash at any point of a snapshot loses nothing', async () => {
  const first = [start('a'), turn('a', 1), turn('a', 0, '"done"'), start('b')];
  const last = [start('c'), turn('c', 1), turn('c', 0, '2')];
  const folder = await withRecords(first, { snapshotBytes: 1 });
  const store = open(folder);
  for (const record of last) await store.commit(record).written;
  const expected = picture(store.state);
  await store.close();
  const before = copyOf(folder);
  const again = open(folder, { snapshotBytes: 1 });
  await again.commit(raise('b', 'x')).written;
  await again.close();
  const after = copyOf(folder);
  // The archive has grown, a journal was begun, a draft is half written: the rename did not come.
  const between = copyOf(before);
  for (const name of ['archive-0.data.jsonl', 'archive-0.index.jsonl', 'journal-5.jsonl'])
    fs.copyFileSync(path.join(after, name), path.join(between, name));
  const draft = fs.readFileSync(path.join(after, 'snapshot.jsonl'));
  fs.writeFileSync(path.join(between, 'snapshot.jsonl.draft'), draft.subarray(0, 100));
  // The rename came, the old journal is still there.
  const late = copyOf(after);
  fs.copyFileSync(path.join(before, 'journal-4.jsonl'), path.join(late, 'journal-4.jsonl'));

  expect(await opened(between, ({ state }) => picture(state))).toEqual(expected);
  const full = await opened(after, ({ state }) => picture(state));
  expect(await opened(late, ({ state }) => picture(state))).toEqual(full);
});

test('an archived id that is reused or purged is removed from the archive permanently', async () => {
  const records = [
    ...['a', 'b', 'c'].flatMap((id) => [start(id), turn(id, 1, `"${id}"`)]),
    start('a'),
    { kind: 'purge', ids: ['b'] } satisfies HubRecord,
    raise('a', 'x'),
  ];
  const folder = await withRecords(records, { snapshotBytes: 1 });

  await opened(folder, ({ state }) => {
    expect([...state.archive.rows.keys()]).toEqual(['c']);
    expect(state.instances.get('a')?.status).toBe('Pending');
  });
});

test('an archive of mostly removed entries is rewritten', async () => {
  const ids = Array.from({ length: 1200 }, (_, i) => `i${i}`);
  const folder = temporaryFolder();
  const store = open(folder, { snapshotBytes: 1 });
  for (const id of ids) store.commit(start(id));
  for (const id of ids) store.commit(turn(id, 1, '"done"'));
  await store.settled();
  await store.commit({ kind: 'purge', ids: ids.slice(0, 1100) }).written;
  await store.commit(start('last')).written;
  const survivor = store.state.archive.read('i1150');
  await store.close();

  expect(survivor?.output).toBe('"done"');
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('archive'))).toEqual([
    'archive-1.data.jsonl',
    'archive-1.index.jsonl',
  ]);
  await opened(folder, ({ state }) => {
    expect(state.archive.rows.size).toBe(100);
    expect(state.archive.read('i1199')).toEqual({
      ...survivor,
      id: 'i1199',
      executionId: 'x-i1199',
    });
  });
});

test('many records at once are written together', async () => {
  const folder = temporaryFolder();
  const store = open(folder, { fsync: true });
  const written = Array.from({ length: 500 }, (_, i) => store.commit(start(`i${i}`)).written);
  await Promise.all(written);
  await store.close();

  expect(await opened(folder, ({ state }) => state.instances.size)).toBe(500);
});

test('a journal that cannot be written is reported, and nothing is acknowledged any more', async () => {
  const folder = temporaryFolder();
  const broken: unknown[] = [];
  const store = open(folder, { onBroken: (error) => broken.push(error) });
  await store.commit(start('a')).written;
  // As a disk that is gone would: the file under the journal takes no further byte.
  await store.close();

  await expect(store.commit(start('b')).written).rejects.toThrow('EBADF');
  await expect(store.commit(start('c')).written).rejects.toThrow('EBADF');
  expect(broken).toHaveLength(1);
});
