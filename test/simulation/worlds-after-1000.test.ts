import { expect, test } from 'vitest';
import { brokenIn, TIMEOUT_MS, WORLDS_PER_FILE } from './worlds';

test(
  `in ${WORLDS_PER_FILE} worlds from seed 1001 on, whatever goes wrong, every invariant holds`,
  { timeout: TIMEOUT_MS },
  async () => {
    expect(await brokenIn(1001)).toEqual([]);
  },
);
