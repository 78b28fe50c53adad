import { expect, test } from 'vitest';
import { logLineOf } from '../../src/log-endings';
import { noticeLine } from '../../src/notify/log-target';
import { NOTICE_EVENTS } from '../../src/workload/notify-schema';
import type { FinalState } from '../../src/ledger/rows';
import { occurrenceRow } from '../ledger/given';
import { jsonAt, planting, textAt } from './deployment';
import { ofType, profile } from './planned';

interface LogRule {
  readonly severity: number;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  readonly evaluationFrequency: string;
  readonly windowSize: string;
  readonly criteria: {
    readonly allOf: readonly {
      readonly query: string;
      readonly timeAggregation: string;
      readonly operator: string;
      readonly threshold: number;
      readonly metricMeasureColumn?: string;
      readonly dimensions?: readonly { readonly name: string }[];
    }[];
  };
  readonly actions: { readonly actionGroups: readonly string[] };
}

const told = { alertEmail: 'owner@example.com' };

function rulesWith(
  params = profile('plain', told),
  planted: Readonly<Record<string, string>> = {},
): ({ readonly name: string; readonly location: unknown } & LogRule)[] {
  return ofType(params, 'Microsoft.Insights/scheduledQueryRules', planted).map(
    ({ name, body, properties }) => ({
      name,
      location: body['location'],
      ...(properties as unknown as LogRule),
    }),
  );
}

/** The one condition of a rule. */
function conditionOf({ criteria }: LogRule) {
  const [condition, another] = criteria.allOf;
  if (condition === undefined || another !== undefined) throw new Error('not one condition');
  return condition;
}

function textIn(query: string, pattern: RegExp): string {
  const found = pattern.exec(query)?.[1];
  if (found === undefined) throw new Error(`${query} has no ${pattern.source}`);
  return found;
}

/**
 * Works out the filter of a rule's query on one line of the log, with the texts of the query itself:
 * the beginning, the expression in front of the JSON, the field of the outcome or event, and its values.
 */
function isFound(query: string, message: string): boolean {
  if (!message.startsWith(textIn(query, /Message startswith "([^"]+)"/))) return false;
  if (!message.includes(textIn(query, /Message has "([^"]+)"/))) return false;
  const expression = textIn(query, /extract\(@'\(\?s\)([^']+)', 1, Message\)/);
  const json = new RegExp(expression, 's').exec(message)?.[1];
  if (json === undefined) return false;
  const column = textIn(query, /where (\w+) in \(/);
  const field = new RegExp(String.raw`${column} = tostring\(\w+\.(\w+)\)`);
  const value = parsed(json)[textIn(query, field)];
  const wanted = textIn(query, /where \w+ in \(([^)]+)\)/);
  return [...wanted.matchAll(/"(\w+)"/g)].some(([, name]) => name === value);
}

/** As `parse_json` in Kusto: a text that is not JSON has no fields. */
function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const ending = { startedAt: null, endedAt: '2026-11-30T02:30:00.000Z', nodeMinutes: 0, cost: null };

/** Causes that come from services, people and programs. */
const causes = [
  'the pool got no node within 60 minutes',
  'it said {"outcome":"succeeded"}',
  'run other failed {"runId":"other","outcome":"succeeded"}\nat line 2 }',
  null,
];

function alertsFor(state: FinalState, planted: Readonly<Record<string, string>> = {}): string[] {
  const rules = rulesWith(undefined, planted).filter(({ name }) => name.startsWith('Run'));
  const fired = causes.map((cause) => {
    const row = occurrenceRow({ ...ending, state, code: 'noCapacity', cause });
    const { message } = logLineOf(row);
    return rules
      .filter((rule) => isFound(conditionOf(rule).query, message))
      .map(({ name }) => name)
      .join();
  });
  return [...new Set(fired)];
}

test.each([
  ['failed', 'RunFailed'],
  ['timedOut', 'RunFailed'],
  ['missed', 'RunMissed'],
  ['succeeded', ''],
  ['skipped', ''],
  ['cancelled', ''],
] as const)(
  'of the log lines that the app writes, one of a run that %s raises %j, whatever its cause',
  (state, alert) => {
    expect(alertsFor(state)).toEqual([alert]);
  },
);

const notice = {
  workload: 'report',
  runId: 'report-20261130t020000-9f3a1c7e5b',
  outcome: null,
  code: null,
  due: null,
  startedAt: null,
  endedAt: null,
  nodeMinutes: 0,
  cost: null,
};

test('of the log lines of notices, those of late occurrences, of waits for capacity and of reached budgets raise an alert, whatever their cause', () => {
  const [rule] = rulesWith().filter(({ name }) => name === 'OccurrenceDelayed');
  if (rule === undefined) throw new Error('there is no such alert');
  const { query, dimensions = [] } = conditionOf(rule);
  const lines = NOTICE_EVENTS.map((event) => [
    event,
    causes.map((cause) => isFound(query, noticeLine({ event, data: { ...notice, cause } }))),
  ]);
  const found = lines.filter(([, all]) => (all as boolean[]).every(Boolean));

  expect(found.map(([event]) => event)).toEqual(['late', 'waitingForCapacity', 'budgetReached']);
  expect(lines.filter(([, all]) => (all as boolean[]).some(Boolean))).toEqual(found);
  expect(dimensions.map(({ name }) => name)).toEqual(['runId', 'workload', 'event']);
});

test('neither the end of a run nor a notice that was not delivered raises the alert on delays', () => {
  const [rule] = rulesWith().filter(({ name }) => name === 'OccurrenceDelayed');
  const undelivered =
    'notice late-r for ops was not delivered: HTTP 500 {"notice":"late-r","to":"ops","event":"late","workload":"report","runId":"r"}';
  const ended = logLineOf(occurrenceRow({ ...ending, state: 'failed', cause: 'event' })).message;

  expect(
    [undelivered, ended].map((line) => rule && isFound(conditionOf(rule).query, line)),
  ).toEqual([false, false]);
});

test('the fields by which an alert names its run are fields of the log line', () => {
  const { message } = logLineOf(occurrenceRow({ ...ending, state: 'failed', code: 'noCapacity' }));
  const written = Object.keys(JSON.parse(message.slice(message.indexOf('{'))) as object);
  for (const rule of rulesWith().filter(({ name }) => name.startsWith('Run'))) {
    const { query, dimensions = [] } = conditionOf(rule);
    const read = [
      ...query.matchAll(/(\w+) = \w+\(tostring\(ending\.(\w+)|(\w+) = tostring\(ending\.(\w+)/g),
    ];
    const columns = read.map(([, column, , plain]) => column ?? plain);
    expect(
      read
        .map(([, , field, plain]) => field ?? plain)
        .filter((name) => !written.includes(name ?? '')),
    ).toEqual([]);
    expect(columns.sort((one = '', other = '') => one.localeCompare(other))).toEqual([
      'code',
      'outcome',
      'runId',
      'workload',
    ]);
    expect(dimensions.map(({ name }) => name)).toEqual(['runId', 'workload', 'code']);
  }
});

test('an hour without a pass of the reconciler raises an alert, unless its schedule is one of your own', () => {
  const [silent] = rulesWith().filter(({ name }) => name === 'AppSilent');
  if (silent === undefined) throw new Error('there is no such alert');
  const { query, ...condition } = conditionOf(silent);
  const name = textIn(query, /^AppRequests \| where Name == "(\w+)" and Success \|/);

  expect(textAt('src/functions.ts')).toContain(`timer('${name}', {`);
  expect(condition).toMatchObject({
    metricMeasureColumn: textIn(query, /summarize (\w+) = count\(\)$/),
    timeAggregation: 'Total',
    operator: 'LessThan',
    threshold: 1,
  });
  expect(silent.windowSize).toBe('PT1H');
  expect(
    rulesWith(profile('plain', { ...told, reconcileSchedule: '0 0 3 * * *' })).map(
      (rule) => rule.name,
    ),
  ).toEqual(['RunFailed', 'RunMissed', 'OccurrenceDelayed']);
});

test('log alerts read the workspace, look back further than they are apart, and notify the action group', () => {
  expect(
    rulesWith().map(({ name, location, severity, enabled, scopes, actions, ...rule }) => [
      name,
      location,
      severity,
      enabled,
      scopes,
      actions.actionGroups,
      `${rule.windowSize} every ${rule.evaluationFrequency}`,
    ]),
  ).toEqual(
    [
      ['RunFailed', 'PT30M', 1],
      ['RunMissed', 'PT30M', 1],
      ['OccurrenceDelayed', 'PT30M', 2],
      ['AppSilent', 'PT1H', 1],
    ].map(([name, window, severity]) => [
      name,
      'westeurope',
      severity,
      true,
      ['Microsoft.OperationalInsights/workspaces/log-*'],
      ['Microsoft.Insights/actionGroups/ag-*'],
      `${window} every PT15M`,
    ]),
  );
  expect(rulesWith(profile('plain')).map(({ actions }) => actions.actionGroups)).toEqual([
    [],
    [],
    [],
    [],
  ]);
});

test('no log line of an end is sampled away before an alert sees it', () => {
  const host = jsonAt<{
    logging: { applicationInsights: { samplingSettings: { excludedTypes: string } } };
  }>('host.json');
  expect(host.logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toEqual([
    'Request',
    'Trace',
  ]);
});

test.each([
  ['a field that the line does not have', 'ending.outcome', 'ending.state', 'timedOut', ['']],
  ['an outcome that no run has', '"timedOut"', '"timeout"', 'timedOut', ['']],
  ['a beginning that no line has', 'startswith "run "', 'startswith "Run "', 'missed', ['']],
  ['an expression that the cause can end', '^run .* (', '^run .*? (', 'failed', ['RunFailed', '']],
] as const)('found: %s', (_, from, to, state, alerts) => {
  const planted = planting('infra/app/alerts.bicep', from, to);
  expect(alertsFor(state, planted)).toEqual(alerts);
});
