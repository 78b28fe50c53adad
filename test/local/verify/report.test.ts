import { expect, test } from 'vitest';
import { confirmed, contradicted } from '../../../local/verify/assumption';
import { countOf, markdownOf, type Report } from '../../../local/verify/report';

const report: Report = {
  target: 'https://app.example',
  isLocal: false,
  at: '2030-01-01T00:00:00.000Z',
  assumptions: [
    { id: 'one', statement: 'One is | one.', dependsOn: 'src/one.ts' },
    { id: 'two', statement: 'Two is two.', dependsOn: 'src/two.ts' },
    { id: 'three', statement: 'Three is three.', dependsOn: 'src/three.ts', byHand: 'Count.' },
    { id: 'four', statement: 'Four is four.', dependsOn: 'src/four.ts' },
  ],
  findings: [
    confirmed('one', 'it is'),
    confirmed('two', 'at first'),
    contradicted('two', 'later\nit was three'),
  ],
  runs: [],
};

test('the report lists every assumption by its verdict, the contradicted ones first', () => {
  expect(markdownOf(report)).toBe(`# Verification of https://app.example

2030-01-01T00:00:00.000Z, against a deployed app.

## Contradicted (1)

| assumption | observed | depends on it |
| --- | --- | --- |
| two: Two is two. | later it was three | \`src/two.ts\` |

## Confirmed (1)

| assumption | observed | depends on it |
| --- | --- | --- |
| one: One is \\| one. | it is | \`src/one.ts\` |

## Not checked (2)

| assumption | reason, or how to check it | depends on it |
| --- | --- | --- |
| three: Three is three. | Count. | \`src/three.ts\` |
| four: Four is four. | the verification ended before this check | \`src/four.ts\` |

`);
});

test('an assumption that one check contradicts counts as contradicted, whatever others observe', () => {
  expect(countOf(report, 'contradicted')).toBe(1);
  expect(countOf(report, 'confirmed')).toBe(1);
});
