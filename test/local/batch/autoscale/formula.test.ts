import { expect, test } from 'vitest';
import { FormulaError, drawError, parseFormula } from '../../../../local/batch/autoscale/evaluate';
import { evaluate, valueOf } from './given';

function refusalOf(formula: string): FormulaError {
  try {
    parseFormula(formula);
  } catch (error) {
    if (error instanceof FormulaError) return error;
    throw error;
  }
  throw new Error(`nothing is wrong with ${formula}`);
}

/** The error message that a person reads. */
function pictureOf(formula: string): string {
  return drawError(formula, refusalOf(formula).message);
}

test.each([
  ['1 + 2 * 3', '7'],
  ['(1 + 2) * 3', '9'],
  ['10 - 2 - 3', '5'],
  ['16 / 4 / 2', '2'],
  ['2 * 3 / 4', '1.5'],
  ['1 + 2 < 4', '1'],
  ['(1 < 2) == 0', '0'],
  ['1 < 2 && 2 < 1', '0'],
  ['1 || 0 && 0', '1'],
  ['(1 || 0) && 0', '0'],
  ['0 == 1 || 2 == 2', '1'],
  ['-2 + 5', '3'],
  ['- -2', '2'],
  ['2 * -3', '-6'],
  ['!0 + 1', '2'],
  ['!1 == 0', '1'],
  ['!!7', '1'],
  ['1 ? 2 : 3', '2'],
  ['0 ? 2 : 0 ? 4 : 5', '5'],
  ['1 ? 0 ? 1 : 2 : 3', '2'],
  ['1 < 2 ? 1 + 1 : 9', '2'],
  ['(0 ? 1 : 2) + 1', '3'],
  ['time("2026-03-02T10:00:00Z").hour + 1', '11'],
])('operators bind as in C: %s', (expression, value) => {
  expect(valueOf(expression)).toBe(value);
});

test.each([
  ['0', '0'],
  ['007', '7'],
  ['3.25', '3.25'],
  ['1e3', '1000'],
  ['1.5E+2', '150'],
  ['25e-1', '2.5'],
])('%s is a number', (number, value) => {
  expect(valueOf(number)).toBe(value);
});

test('statements may be empty, spread over lines and commented, and need no last semicolon', () => {
  const formula = `// first line
    a = 1; ; b   =  // half of it
    2;;
    c
    = a + b // no semicolon`;

  expect(evaluate(formula).results).toBe(
    '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;a=1;b=2;c=3',
  );
  expect(evaluate('').error).toBeUndefined();
  expect(evaluate('// nothing').error).toBeUndefined();
  expect(evaluate('1 + 1; max(1, 2)').error).toBeUndefined();
});

test('a comment does not begin inside a string, nor a string inside a comment', () => {
  expect(valueOf('"http://a" == "http://a"')).toBe('1');
  expect(valueOf('1 // "never closed')).toBe('1');
});

test('a name with a dollar and the same name without one are two variables', () => {
  const { results } = evaluate('n = 1; $n = 2; N = 3; n_2 = 4;');

  expect(results).toContain(';$n=2;N=3;n=1;n_2=4');
});

test.each([
  ['x = 1 +', `expected a value, found the end\n\n1 | x = 1 +\n           ^`],
  ['x = (1', `expected ")", found the end\n\n1 | x = (1\n          ^`],
  ['x = 1)', `expected ";", found ")"\n\n1 | x = 1)\n         ^`],
  ['x = 1 2', `expected ";", found "2"\n\n1 | x = 1 2\n          ^`],
  ['x = ;', `expected a value, found ";"\n\n1 | x = ;\n        ^`],
  ['x = max(1, )', `expected a value, found ")"\n\n1 | x = max(1, )\n               ^`],
  ['x = max(1 2)', `expected ")", found "2"\n\n1 | x = max(1 2)\n              ^`],
  ['x = 1 ? 2', `expected ":", found the end\n\n1 | x = 1 ? 2\n             ^`],
  ['x = 5 % 2', `the formula language has no "%"\n\n1 | x = 5 % 2\n          ^`],
  ['x = 1 & 2', `the formula language has no "&"\n\n1 | x = 1 & 2\n          ^`],
  [`x = 'a'`, `the formula language has no "'"\n\n1 | x = 'a'\n        ^`],
  ['x = "a', `a string is not closed\n\n1 | x = "a\n        ^^`],
  ['x = $;', `a name is missing after $\n\n1 | x = $;\n        ^`],
  ['x = 3days', `"3d" is not a number\n\n1 | x = 3days\n        ^^^^^`],
  ['x = .5', `expected a value, found "."\n\n1 | x = .5\n        ^`],
  ['x = time().', `expected a name, found the end\n\n1 | x = time().\n               ^`],
  ['1 = 2', `only a variable can be assigned\n\n1 | 1 = 2\n      ^`],
  ['(x) = 2', `only a variable can be assigned\n\n1 | (x) = 2\n        ^`],
  ['x = y = 2', `expected ";", found "="\n\n1 | x = y = 2\n          ^`],
  ['x = 1 < 2 < 3', `expected ";", found "<"\n\n1 | x = 1 < 2 < 3\n              ^`],
  ['if (x) { }', `the formula language has no "{"\n\n1 | if (x) { }\n           ^`],
])('%j is no formula', (formula, picture) => {
  expect(pictureOf(formula)).toBe(picture);
});

test('a syntax error carries its code, line and column', () => {
  const { code, message, line, column } = refusalOf('a = 1;\r\n\tb = a +\n');

  expect({ code, message, line, column }).toEqual({
    code: 'AutoScalingFormulaSyntaxError',
    message: 'Line 3, Col 1: expected a value, found the end',
    line: 3,
    column: 1,
  });
});

test('a formula has 8192 characters at most, comments included', () => {
  const longest = `x = 1; //${'.'.repeat(8192 - 9)}`;

  expect(evaluate(longest).error).toBeUndefined();
  const { code, message } = refusalOf(`${longest}.`);
  expect({ code, message }).toEqual({
    code: 'AutoScalingFormulaTooLong',
    message: 'Line 1, Col 1: the formula has 8193 characters; at most 8192 are allowed',
  });
});

test('a formula has 100 statements at most, empty ones not counted', () => {
  expect(evaluate('x = 1;;'.repeat(100)).error).toBeUndefined();
  const { code, message } = refusalOf('x = 1;'.repeat(101));
  expect({ code, message }).toEqual({
    code: 'AutoScalingFormulaTooLong',
    message: 'Line 1, Col 1: the formula has 101 statements; at most 100 are allowed',
  });
});

test.each([
  ['parentheses', '('.repeat(4000)],
  ['negations', '-'.repeat(8000)],
  ['choices', '1?'.repeat(4000)],
  ['sums', `1${'+1'.repeat(4000)}`],
  ['members', `time()${'.hour'.repeat(1500)}`],
  ['calls', 'max('.repeat(2000)],
])('an expression of thousands of %s is refused, not run', (_, expression) => {
  expect(refusalOf(`x = ${expression}`).message).toMatch(/the expression is nested too deeply$/);
});

test('expressions may be deeply nested', () => {
  expect(valueOf(`${'('.repeat(200)}1${')'.repeat(200)}`)).toBe('1');
  expect(valueOf(`1${'+1'.repeat(250)}`)).toBe('251');
  expect(valueOf(`${'0 ? 1 : '.repeat(99)}2`)).toBe('2');
});

test('an evaluation error is drawn like any other', () => {
  const formula = 'a = 1;\n$TargetDedicatedNodes = $Pending + 1;';
  const message = evaluate(formula).error?.values[0]?.value ?? '';

  expect(drawError(formula, message)).toBe(`nothing is called $Pending

2 | $TargetDedicatedNodes = $Pending + 1;
                            ^^^^^^^^`);
});

test('a message without a position is shown unchanged', () => {
  expect(drawError('a = 1', 'the pool is deleted')).toBe('the pool is deleted');
});
