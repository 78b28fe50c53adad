import { BlobServiceClient, type ServiceGetUserDelegationKeyResponse } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import { SteppedClock } from '../../local/clock';
import { filesOn } from '../../src/azure/storage';

/** When a key to sign with is asked for: storage is the client alone, and time is stepped. */

const START = '2030-01-01T00:00:00.000Z';
const HOUR_MS = 3_600_000;

/** Answers every request for a key but those that are to be refused, and keeps what was asked. */
class Signing extends BlobServiceClient {
  readonly asked: { readonly from: string; readonly until: string }[] = [];
  refusals = 0;

  override async getUserDelegationKey(
    ...[from, until]: readonly unknown[]
  ): Promise<ServiceGetUserDelegationKeyResponse> {
    if (!(from instanceof Date && until instanceof Date)) throw new Error('a key has no times');
    this.asked.push({ from: from.toISOString(), until: until.toISOString() });
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('no key at the moment');
    }
    const key = {
      signedObjectId: 'someone',
      signedTenantId: 'somewhere',
      signedStartsOn: from,
      signedExpiresOn: until,
      signedService: 'b',
      signedVersion: '2025-01-05',
      value: Buffer.from(`key ${this.asked.length}`).toString('base64'),
    };
    return key as ServiceGetUserDelegationKeyResponse;
  }
}

function signing() {
  const clock = new SteppedClock(START);
  const service = new Signing('https://mystore.blob.core.windows.net');
  const files = filesOn(service, () => clock.now());
  const keyUntil = async (minutes: number): Promise<string | null> => {
    const url = new URL(await files.readUrl('inbox', 'a', minutes));
    return url.searchParams.get('ske');
  };
  return { clock, service, files, keyUntil };
}

const first = { from: '2029-12-31T23:45:00.000Z', until: '2030-01-07T23:45:00.000Z' };
const FIRST_ENDS = '2030-01-07T23:45:00Z';

test('a delegation key is reused until it expires before the SAS it signs', async () => {
  const { clock, service, keyUntil } = signing();

  expect(await keyUntil(60)).toBe(FIRST_ENDS);
  clock.step(Date.parse(first.until) - Date.parse(START) - HOUR_MS);
  expect(await keyUntil(60)).toBe(FIRST_ENDS);
  expect(service.asked).toEqual([first]);

  expect(await keyUntil(61)).toBe('2030-01-14T22:30:00Z');
  expect(await keyUntil(60)).toBe('2030-01-14T22:30:00Z');
  expect(service.asked).toEqual([
    first,
    { from: '2030-01-07T22:30:00.000Z', until: '2030-01-14T22:30:00.000Z' },
  ]);
});

test('a failed key request is repeated, once for all waiting calls', async () => {
  const { service, files, keyUntil } = signing();
  service.refusals = 1;

  const waiting = ['a', 'b', 'c'].map((name) => files.readUrl('inbox', name, 60));
  const ends = await Promise.allSettled(waiting);

  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await keyUntil(60)).toBe(FIRST_ENDS);
  expect(service.asked).toEqual([first, first]);
});
