import { expect, test } from 'vitest';
import { membersOf, resolveExpressions } from '../../../local/functions/metadata';

const NOW = new Date('2030-01-02T03:04:05.678Z');
const KNOWN = {
  queueTrigger: { string: '{"a": {"B": 1}}' },
  name: { string: 'n' },
  count: { int: 3 },
  Headers: { json: '{"x-part":"7"}' },
  sys: { json: '{"MethodName":"fn"}' },
};

test.each([
  ['a-{name}-{NAME}.txt', 'a-n-n.txt'],
  ['{count}', '3'],
  ['{headers.X-Part}', '7'],
  ['{queueTrigger}', '{"a": {"B": 1}}'],
  ['{queueTrigger.a.b}', '1'],
  ['{queueTrigger.a}', '{"B":1}'],
  ['{sys.methodname}', 'fn'],
  ['{DateTime}', '2030-01-02T03-04-05Z'],
  ['{datetime:yyyy/MM/dd HH.mm.ss.fff}', '2030/01/02 03.04.05.678'],
  ['{sys.utcnow:yy}', '30'],
])('%s is %s', (template, text) => {
  expect(resolveExpressions(template, KNOWN, NOW)).toBe(text);
});

test.each([
  ['{rand-guid}', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ['{rand-guid:N}', /^[0-9a-f]{32}$/],
  ['{sys.randguid:B}', /^\{[0-9a-f-]{36}\}$/],
  ['{rand-guid:P}', /^\([0-9a-f-]{36}\)$/],
])('%s is a new guid', (template, pattern) => {
  const [one, other] = [1, 2].map(() => resolveExpressions(template, {}, NOW));

  expect(one).toMatch(pattern);
  expect(other).not.toBe(one);
});

test('an unknown name in an expression is an error that names it', () => {
  expect(() => resolveExpressions('x/{nobody}', KNOWN, NOW)).toThrow(
    "'{nobody}' of 'x/{nobody}' is not in the trigger's metadata.",
  );
  expect(() => resolveExpressions('{rand-guid:X}', {}, NOW)).toThrow("'X' is not a GUID format");
});

test('the members of a text are those of an object, without lists and nulls', () => {
  expect(membersOf('{"a":"x","b":1,"c":{"d":2},"e":[1],"f":null}')).toEqual({
    a: { string: 'x' },
    b: { json: '1' },
    c: { json: '{"d":2}' },
  });
  expect([membersOf('[1]'), membersOf('{no json'), membersOf('')]).toEqual([{}, {}, {}]);
});
