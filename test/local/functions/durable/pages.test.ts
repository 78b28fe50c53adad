import { expect, test } from 'vitest';
import { Pages } from '../../../../local/functions/durable/pages';

test('the pages of a list are complete, whatever changes in between', () => {
  const pages = new Pages();
  const first = pages.next(undefined, 2, () => ['a', 'b', 'c', 'd', 'e']);
  const second = pages.next(first.token, 2, () => ['x']);
  const third = pages.next(second.token, 2, () => ['x']);

  expect([first.items, second.items, third]).toEqual([
    ['a', 'b'],
    ['c', 'd'],
    { items: ['e'], token: undefined },
  ]);
});

test('a token that is too old continues in the present list', () => {
  const pages = new Pages();
  const first = pages.next(undefined, 1, () => ['a', 'b', 'c']);
  for (let i = 0; i < 10; i++) pages.next(undefined, 1, () => ['x', 'y']);

  expect(pages.next(first.token, 1, () => ['d', 'e', 'f']).items).toEqual(['e']);
});

test('a page that ends with the list has no token', () => {
  expect(new Pages().next(undefined, 2, () => ['a', 'b']).token).toBeUndefined();
});
