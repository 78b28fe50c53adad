import { expect, test } from 'vitest';
import { planting } from './deployment';
import { ofType, plannedFor, profile, theOne } from './planned';

interface Rule {
  readonly severity: number;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  readonly evaluationFrequency: string;
  readonly windowSize: string;
  readonly criteria: {
    readonly 'odata.type': string;
    readonly allOf: readonly {
      readonly criterionType: string;
      readonly metricNamespace: string;
      readonly metricName: string;
      readonly timeAggregation: string;
      readonly operator: string;
      readonly threshold: number;
    }[];
  };
  readonly actions: readonly { readonly actionGroupId: string }[];
}

const BATCH = 'Microsoft.Batch/batchAccounts';
const INSIGHTS = 'microsoft.insights/components';

/**
 * Metrics that Azure has, by namespace and name, with the aggregation that means something
 * (learn.microsoft.com/azure/azure-monitor/reference/supported-metrics).
 */
const metrics: Readonly<Record<string, string>> = {
  [`${BATCH} OfflineNodeCount`]: 'Total',
  [`${BATCH} UnusableNodeCount`]: 'Total',
  [`${BATCH} RebootingNodeCount`]: 'Total',
  [`${BATCH} StartTaskFailedNodeCount`]: 'Total',
  [`${BATCH} TaskFailEvent`]: 'Total',
  [`${BATCH} PreemptedNodeCount`]: 'Total',
  [`${BATCH} TotalLowPriorityNodeCount`]: 'Minimum',
  [`${INSIGHTS} requests/failed`]: 'Count',
};

/** Minutes of what a metric alert may have for its frequency and for its window. */
const FREQUENCIES = { PT1M: 1, PT5M: 5, PT15M: 15, PT30M: 30, PT1H: 60 };
const WINDOWS = { ...FREQUENCIES, PT6H: 360, PT12H: 720, P1D: 1440 };

const told = { alertEmail: 'owner@example.com' };

function rulesWith(
  params = profile('plain', told),
  planted: Readonly<Record<string, string>> = {},
) {
  return ofType(params, 'Microsoft.Insights/metricAlerts', planted).map(
    ({ name, body, properties }) => ({
      name,
      location: body['location'],
      ...(properties as unknown as Rule),
    }),
  );
}

function* mistakesOf({ name, ...rule }: ReturnType<typeof rulesWith>[number]): Generator<string> {
  const minutes = (table: Readonly<Record<string, number>>, text: string) => table[text] ?? NaN;
  const frequency = minutes(FREQUENCIES, rule.evaluationFrequency);
  if (rule.location !== 'global') yield `${name}: a metric alert is global`;
  if (!rule.enabled) yield `${name}: is switched off`;
  if (!Number.isInteger(rule.severity) || rule.severity < 0 || rule.severity > 4)
    yield `${name}: there is no severity ${rule.severity}`;
  if (!(frequency <= minutes(WINDOWS, rule.windowSize)))
    yield `${name}: looks back ${rule.windowSize} every ${rule.evaluationFrequency}`;
  if (rule.actions[0]?.actionGroupId !== 'Microsoft.Insights/actionGroups/ag-*')
    yield `${name}: tells nobody`;
  for (const { metricNamespace, metricName, timeAggregation } of rule.criteria.allOf) {
    if (metrics[`${metricNamespace} ${metricName}`] !== timeAggregation)
      yield `${name}: ${metricNamespace} has no ${timeAggregation} of ${metricName}`;
    const isIts = (scope: string) =>
      scope.toLowerCase().startsWith(`${metricNamespace}/`.toLowerCase());
    if (!rule.scopes.every(isIts)) yield `${name}: ${rule.scopes.join()} has no such metric`;
  }
}

test('every alert is enabled, notifies its action group, and reads a metric of its own resource', () => {
  for (const spotAlertHours of [1, 6, 12, 24]) {
    const rules = rulesWith(profile('plain', { ...told, spotAlertHours }));
    expect(rules.flatMap((rule) => [...mistakesOf(rule)])).toEqual([]);
    const used = rules.flatMap(({ criteria }) =>
      criteria.allOf.map(({ metricNamespace, metricName }) => `${metricNamespace} ${metricName}`),
    );
    expect(used.sort()).toEqual(Object.keys(metrics).sort());
  }
});

test('every alert has one static threshold, whatever its evaluation', () => {
  for (const { name, scopes, criteria } of rulesWith()) {
    expect([name, scopes.length]).toEqual([name, 1]);
    expect([name, criteria]).toEqual([
      name,
      {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
        allOf: [expect.objectContaining({ criterionType: 'StaticThresholdCriterion' })],
      },
    ]);
  }
});

test('one unusable node raises an alert, and one failed step does not', () => {
  const raised = rulesWith().map(({ name, severity, criteria }) => [
    name,
    severity,
    ...criteria.allOf.map(({ operator, threshold }) => `${operator} ${threshold}`),
  ]);
  expect(raised).toEqual([
    ['OfflineNodeCount', 3, 'GreaterThan 0'],
    ['UnusableNodeCount', 2, 'GreaterThan 0'],
    ['RebootingNodeCount', 3, 'GreaterThan 0'],
    ['StartTaskFailedNodeCount', 2, 'GreaterThan 0'],
    ['TaskFailEvent', 3, 'GreaterThan 0'],
    ['PreemptedNodeCount', 4, 'GreaterThan 0'],
    ['SpotNodesLeft', 1, 'GreaterThan 0'],
    ['StepsFailing', 2, 'GreaterThan 10'],
  ]);
});

test('without an address the same alerts exist, visible in the portal only', () => {
  const rules = rulesWith(profile('plain'));
  expect(rules.map(({ actions }) => actions)).toEqual(rules.map(() => []));
  expect(rules.map(({ name }) => name)).toEqual(rulesWith().map(({ name }) => name));
  expect(ofType(profile('plain'), 'Microsoft.Insights/actionGroups')).toEqual([]);
});

test('the receivers of an alert get a mail, under a name short enough for a text message', () => {
  const { body, properties } = theOne(profile('plain', told), 'Microsoft.Insights/actionGroups');
  expect(body['location']).toBe('global');
  expect(properties).toEqual({
    groupShortName: expect.stringMatching(/^.{1,12}$/),
    enabled: true,
    emailReceivers: [{ name: 'owner', emailAddress: told.alertEmail, useCommonAlertSchema: true }],
  });
});

test('a budget notifies before the amount is spent, when it is spent, and when it is forecast to be', () => {
  const { properties } = theOne(profile('everything'), 'Microsoft.Consumption/budgets');
  const notice = (thresholdType: string, threshold: number) => ({
    enabled: true,
    operator: 'GreaterThanOrEqualTo',
    threshold,
    thresholdType,
    contactEmails: [told.alertEmail],
  });
  expect(properties).toEqual({
    amount: 50,
    category: 'Cost',
    timeGrain: 'Monthly',
    timePeriod: { startDate: '2027-01-01' },
    notifications: {
      'actual-80': notice('Actual', 80),
      'actual-100': notice('Actual', 100),
      'forecast-100': notice('Forecasted', 100),
    },
  });
});

test('the API versions of alerts and action groups, for which there is no type table, exist in Azure', () => {
  const versions = new Set(
    plannedFor(profile('everything')).flatMap(({ type, version }) =>
      type.startsWith('Microsoft.Insights/') ? [`${type}@${version}`] : [],
    ),
  );
  expect([...versions].sort()).toEqual([
    'Microsoft.Insights/actionGroups@2023-01-01',
    'Microsoft.Insights/components@2020-02-02',
    'Microsoft.Insights/diagnosticSettings@2021-05-01-preview',
    'Microsoft.Insights/metricAlerts@2018-03-01',
    'Microsoft.Insights/scheduledQueryRules@2023-12-01',
  ]);
});

test.each([
  [
    'a metric that Azure does not have',
    [`'requests/failed'`, `'request/failed'`],
    ['StepsFailing: microsoft.insights/components has no Count of request/failed'],
  ],
  [
    'an alert about another resource than that of its metric',
    ['scopes: [insightsId]', 'scopes: [batchAccountId]'],
    ['StepsFailing: Microsoft.Batch/batchAccounts/ba* has no such metric'],
  ],
  [
    'a window that Azure does not have',
    [`'6': 'PT6H'`, `'6': 'PT8H'`],
    ['SpotNodesLeft: looks back PT8H every PT15M'],
  ],
  [
    'an alert that is switched off',
    ['severity: 1\n    enabled: true', 'severity: 5\n    enabled: false'],
    ['SpotNodesLeft: is switched off', 'SpotNodesLeft: there is no severity 5'],
  ],
] as const)('found: %s', (_, [from, to], expected) => {
  const rules = rulesWith(undefined, planting('infra/app/alerts.bicep', from, to));
  expect(rules.flatMap((rule) => [...mistakesOf(rule)])).toEqual(expected);
});
