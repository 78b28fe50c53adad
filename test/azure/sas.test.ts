import { expect, test } from 'vitest';
import { checkSas } from './sas';

test('the checker of SAS finds each thing that may be wrong [GD36]', () => {
  const at = new Date('2026-11-21T02:00:00Z');
  const rules = { mintedAt: at, minutes: 60, isTls: true, isDelegated: true };
  const fine =
    'https://127.0.0.1/acc/in?sv=1&sr=c&sp=rl&spr=https&se=2026-11-21T03:00:00Z&skoid=x&sig=y';

  expect(checkSas(fine, rules)).toEqual([]);
  expect(checkSas(fine.replace('sp=rl', 'sp=racwd'), rules)).toEqual(['it allows racwd on c']);
  expect(checkSas(fine.replace('&skoid=x', ''), rules)).toEqual([
    'it is not signed by a user delegation key',
  ]);
  expect(checkSas(fine.replace('T03', 'T04'), rules)).toEqual(['it lasts too long']);
  expect(checkSas(fine.replace('11-21T03', '12-21T03'), { ...rules, minutes: 1e6 })).toEqual([
    'it lasts longer than seven days',
  ]);
  expect(checkSas(fine.replace('T03', 'T01'), rules)).toEqual(['it is over before it begins']);
  expect(checkSas(fine.replace('spr=https', 'st=2026'), rules)).toEqual([
    'it has a start, and clocks differ',
    'it may travel without TLS',
  ]);
  expect(checkSas(fine.replace('sr=c', 'ss=b&srt=sco'), rules)).toEqual([
    'it opens the whole account',
    'it allows rl on nothing',
  ]);
  expect(checkSas(fine.replace('/in?', '/in/a?'), rules)).toEqual([
    'it is for another kind of thing than its address',
  ]);
  expect(checkSas(fine.replace('https://', 'http://'), rules)).toEqual([
    'its address is without TLS',
  ]);
});
