import { expect, test } from 'vitest';
import { jsonAt, planting } from './deployment';
import { ofType, profile } from './planned';
import { outputContainerOf } from '../../src/run/names';
import { inputOf } from '../run/given';

interface Rule {
  readonly enabled: boolean;
  readonly type: string;
  readonly definition: {
    readonly filters: {
      readonly blobTypes: readonly string[];
      readonly prefixMatch: readonly string[];
    };
    readonly actions: object;
  };
}

const app = jsonAt<{ containers: readonly string[]; keepDays: number }>('infra/app.json');

const { runId } = inputOf({
  workload: 'render',
  occurrence: { kind: 'schedule', due: '2030-01-01T00:00:00.000Z' },
  parameters: {},
});
const outputs = outputContainerOf(runId);

function rulesWith(planted: Readonly<Record<string, string>> = {}): Rule[] {
  const policies = ofType(
    profile('plain'),
    'Microsoft.Storage/storageAccounts/managementPolicies',
    planted,
  );
  return policies.flatMap(({ properties }) => {
    const { policy } = properties as unknown as { policy: { rules: readonly Rule[] } };
    return policy.rules;
  });
}

/** The containers whose block blobs the rules delete some day. */
function cleared(rules: readonly Rule[], containers: readonly string[]): string[] {
  const prefixes = rules
    .filter(({ enabled, definition }) => {
      return enabled && definition.filters.blobTypes.includes('blockBlob');
    })
    .flatMap(({ definition }) => definition.filters.prefixMatch);
  return containers.filter((container) =>
    prefixes.some((prefix) => `${container}/a.png`.startsWith(prefix)),
  );
}

test('outputs of runs are eventually deleted without the app, and nothing else is', () => {
  expect(cleared(rulesWith(), [outputs])).toEqual([outputs]);
  const kept = [...app.containers, 'app-package', 'azure-webjobs-secrets', 'azure-webjobs-hosts'];
  expect(kept).toContain('runs');
  expect(cleared(rulesWith(), kept)).toEqual([]);
});

test('the rule deletes block blobs a week after the app would delete them, and does nothing else', () => {
  expect(rulesWith()).toEqual([
    {
      name: 'outputs-of-runs',
      enabled: true,
      type: 'Lifecycle',
      definition: {
        filters: { blobTypes: ['blockBlob'], prefixMatch: [expect.any(String)] },
        actions: {
          baseBlob: { delete: { daysAfterModificationGreaterThan: app.keepDays + 7 } },
        },
      },
    },
  ]);
});

test.each([
  ['a prefix that takes the records of all runs along', `['run-']`, `['run']`, ['runs', outputs]],
  ['a prefix that outputs do not have', `['run-']`, `['outputs-']`, []],
  ['blobs of another kind', `['blockBlob']`, `['appendBlob']`, []],
])('found: %s', (_, from, to, expected) => {
  const planted = planting('infra/app/storage.bicep', from, to);
  expect(cleared(rulesWith(planted), ['runs', outputs])).toEqual(expected);
});
