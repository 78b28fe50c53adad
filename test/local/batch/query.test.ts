import { expect, test } from 'vitest';
import { type QueryField, QueryError, applySelect, parseFilter } from '../../../local/batch/query';

const ordered = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

const fields: readonly QueryField[] = [
  { path: 'id', kind: 'string', operators: [...ordered, 'startswith'] },
  { path: 'state', kind: 'state', operators: ['eq', 'ne'] },
  { path: 'creationTime', kind: 'date', operators: ordered },
  { path: 'enableAutoScale', kind: 'boolean', operators: ['eq', 'ne'] },
  { path: 'executionInfo/startTime', kind: 'date', operators: ordered },
  { path: 'executionInfo/exitCode', kind: 'number', operators: ordered },
  { path: 'executionInfo/result', kind: 'state', operators: ['eq', 'ne'] },
  { path: 'name', kind: 'string', operators: ['startswith'] },
];

const tasks = [
  {
    id: 'Alpha-1',
    state: 'completed',
    creationTime: '2026-01-02T03:04:05.1234567Z',
    enableAutoScale: true,
    executionInfo: { startTime: '2026-01-02T03:05:00Z', exitCode: 0, result: 'success' },
  },
  {
    id: 'alpha-2',
    state: 'completed',
    creationTime: new Date('2026-01-03T00:00:00Z'),
    enableAutoScale: false,
    executionInfo: { startTime: '2026-01-03T00:05:00Z', exitCode: -9, result: 'failure' },
  },
  { id: "o'hara", state: 'active', creationTime: '2026-01-04T00:00:00Z', executionInfo: {} },
];

/** The ids of those that a filter keeps. */
function kept(filter: string): string[] {
  return tasks.filter(parseFilter(filter, fields)).map((task) => task.id);
}

const all = tasks.map((task) => task.id);

test.each([
  [`id eq 'alpha-1'`, ['Alpha-1']],
  [`id ne 'ALPHA-1'`, ['alpha-2', "o'hara"]],
  [`id gt 'alpha-1'`, ['alpha-2', "o'hara"]],
  [`id ge 'alpha-2'`, ['alpha-2', "o'hara"]],
  [`id lt 'alpha-2'`, ['Alpha-1']],
  [`id le 'alpha-2'`, ['Alpha-1', 'alpha-2']],
  [`id eq 'o''hara'`, ["o'hara"]],
  [`startswith(id,'ALPHA')`, ['Alpha-1', 'alpha-2']],
  [`startswith( id , 'o''' )`, ["o'hara"]],
  [`state eq 'Completed'`, ['Alpha-1', 'alpha-2']],
  [`state ne 'completed'`, ["o'hara"]],
  [`enableAutoScale eq true`, ['Alpha-1']],
  [`enableAutoScale eq FALSE`, ['alpha-2']],
  [`executionInfo/exitCode lt 0`, ['alpha-2']],
  [`executionInfo/exitCode eq -9`, ['alpha-2']],
  [`executionInfo/exitCode ge -8.5`, ['Alpha-1']],
  [`creationTime lt DateTime'2026-01-03T00:00:00Z'`, ['Alpha-1']],
  [`creationTime le datetime'Sat, 03 Jan 2026 00:00:00 GMT'`, ['Alpha-1', 'alpha-2']],
  [`creationTime gt DateTime'2026-01-03T01:00:00+02:00'`, ['alpha-2', "o'hara"]],
  [`creationTime eq DateTime'2026-01-03'`, ['alpha-2']],
  [`executionInfo/startTime ge DateTime'2026-01-03T00:00:00Z'`, ['alpha-2']],
])('the filter %s keeps what it says', (filter, ids) => {
  expect(kept(filter)).toEqual(ids);
});

test('and has precedence over or, and parentheses change it', () => {
  const or = `state eq 'active' or state eq 'completed' and id eq 'alpha-1'`;

  expect(kept(or)).toEqual(['Alpha-1', "o'hara"]);
  expect(kept(`(state eq 'active' or state eq 'completed') and id eq 'alpha-1'`)).toEqual([
    'Alpha-1',
  ]);
  expect(kept(`((${or}))`)).toEqual(['Alpha-1', "o'hara"]);
  expect(kept(`(state eq 'active')or(state eq 'completed')`)).toEqual(all);
});

test('a missing property differs from every value and has no order', () => {
  expect(kept(`executionInfo/result ne 'success'`)).toEqual(['alpha-2', "o'hara"]);
  expect(kept(`executionInfo/result eq 'success'`)).toEqual(['Alpha-1']);
  expect(kept(`executionInfo/exitCode le 0`)).toEqual(['Alpha-1', 'alpha-2']);
  expect(kept(`startswith(name,'')`)).toEqual([]);
});

test.each([
  ['', 'expected a property name, found the end'],
  [`State eq 'active'`, 'the list cannot be filtered by State'],
  [`nodeInfo eq 'x'`, 'the list cannot be filtered by nodeInfo'],
  [`executionInfo/starttime eq 'x'`, 'the list cannot be filtered by executionInfo/starttime'],
  [`state gt 'active'`, 'state does not support gt'],
  [`name eq 'stdout.txt'`, 'name does not support eq'],
  [`startswith(state,'a')`, 'state does not support startswith'],
  [`endswith(id,'a')`, 'there is no function endswith'],
  [`id like 'a'`, 'there is no operator like'],
  [`id EQ 'a'`, 'there is no operator EQ'],
  [`not (id eq 'a')`, 'there is no function not'],
  [`'a' eq id`, 'expected a property name, found a'],
  [`id eq alpha`, 'expected a quoted text for id, found alpha'],
  [`id eq 1`, 'expected a quoted text for id, found 1'],
  [`id eq 'a`, `cannot read "'a" at character 7`],
  [`id eq "a"`, `cannot read "\\"a\\"" at character 7`],
  [`executionInfo/exitCode eq '1'`, 'expected a number for executionInfo/exitCode, found 1'],
  [`executionInfo/exitCode eq 1x`, 'cannot read "1x" at character 27'],
  [`enableAutoScale eq maybe`, 'maybe is not true or false'],
  [`creationTime gt '2026-01-02'`, `expected DateTime'…' for creationTime, found 2026-01-02`],
  [`creationTime gt DateTime 2026`, `expected DateTime'…' for creationTime, found 2026`],
  [`creationTime gt DateTime'today'`, `'today' is neither ISO 8601 nor RFC 1123`],
  [`creationTime gt DateTime'2026-02-30T00:00:00Z'`, `'2026-02-30T00:00:00Z' is neither`],
  [`id eq 'a' id eq 'b'`, 'expected "and", "or" or the end, found id'],
  [`id eq 'a' or`, 'expected a property name, found the end'],
  [`(id eq 'a'`, 'expected ")", found the end'],
  [`id eq 'a')`, 'expected "and", "or" or the end, found )'],
  [`startswith(id 'a')`, 'expected ",", found a'],
  ['('.repeat(5000), 'too many parentheses within one another'],
])('the filter %j is refused', (filter, reason) => {
  const refusal = refusalOf(() => parseFilter(filter, fields));

  expect({ parameter: refusal.parameter, value: refusal.value }).toEqual({
    parameter: '$filter',
    value: filter,
  });
  expect(refusal.reason).toContain(reason);
});

test('a selection keeps the named properties, with or without spaces', () => {
  const names = ['id', 'state', 'stats', 'executionInfo'];
  const job = { id: 'j', state: 'active', executionInfo: { poolId: 'p' } };

  expect(applySelect(job, undefined, names)).toEqual(job);
  expect(applySelect(job, 'id,state', names)).toEqual({ id: 'j', state: 'active' });
  expect(applySelect(job, ' state , id ', names)).toEqual({ id: 'j', state: 'active' });
  expect(applySelect(job, 'executionInfo', names)).toEqual({ executionInfo: { poolId: 'p' } });
  expect(applySelect(job, 'id,stats', names)).toEqual({ id: 'j' });
});

test.each([
  ['Id', 'there is no property Id'],
  ['id,missing', 'there is no property missing'],
  ['executionInfo/poolId', 'nested properties cannot be selected: executionInfo/poolId'],
  ['id,', 'a property name is missing'],
  ['', 'a property name is missing'],
])('the selection %j is refused', (select, reason) => {
  const refusal = refusalOf(() => applySelect({ id: 'j' }, select, ['id', 'executionInfo']));

  expect(refusal).toMatchObject({ parameter: '$select', value: select, reason });
});

function refusalOf(act: () => unknown): QueryError {
  try {
    act();
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
