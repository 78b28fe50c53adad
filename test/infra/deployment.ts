import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { SUBSCRIPTION } from './bicep/functions';
import { planOf, type Plan, type Sources } from './bicep/plan';
import { readTemplate, type Template } from './bicep/template';
import type { Value } from './bicep/values';

/** The deployment of this repository, as the tests look at it. */
export const root = path.resolve(__dirname, '../..');

export const bicepFiles = globSync('infra/**/*.bicep', { cwd: root }).sort();

export function textAt(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

export function jsonAt<Shape = Value>(file: string): Shape {
  return JSON.parse(textAt(file)) as Shape;
}

/** The files on disk, some of them replaced: that is how errors are planted. */
export function sourcesWith(planted: Readonly<Record<string, string>> = {}): Sources {
  const templates = new Map<string, Template>();
  return {
    template: (file) => {
      const known = templates.get(file) ?? readTemplate(file, planted[file] ?? textAt(file));
      templates.set(file, known);
      return known;
    },
    json: (file) =>
      planted[file] === undefined ? jsonAt(file) : (JSON.parse(planted[file]) as Value),
  };
}

/** One file with one place in it changed. */
export function planting(file: string, from: string, to: string): Readonly<Record<string, string>> {
  const text = textAt(file);
  if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)} to change`);
  return { [file]: text.replace(from, to) };
}

export const PERSON = '99999999-9999-4999-8999-999999999999';

type Params = Readonly<Record<string, Value>>;

const named: Params = { environmentName: 'try', location: 'westeurope', principalId: PERSON };

/** Ways to deploy that between them reach every resource and both sides of every choice. */
export const profiles: Readonly<Record<string, Params>> = {
  plain: named,
  nobody: { environmentName: 'ci', location: 'westeurope' },
  everything: {
    ...named,
    alertEmail: 'owner@example.com',
    nodePrices: { standard_d2s_v5: 0.02 },
    priceCurrency: 'EUR',
    budgetAmount: 50,
    budgetStart: '2027-01-01',
    maxActiveRuns: 20,
    maxStartsPerMinute: 10,
    monthlyNodeMinutes: 30000,
    monthlyBudget: 40,
    notify: { 'on-call': { on: ['failed'] } },
    otlpEndpoint: 'https://collector.example.com:4318',
    otlpHeadersName: 'otlp-headers',
    reconcileSchedule: '30 */10 * * * *',
    batchApiVersion: '2025-06-01',
    vnetEnabled: true,
    registry: 'private',
    durableBackend: 'DurableTaskScheduler',
    durableAlwaysReady: 1,
    schedules: { SCHEDULE_NIGHTLY_REPORT: '0 30 1 * * *' },
  },
};

export function planFor(params: Params, planted: Readonly<Record<string, string>> = {}): Plan {
  return planOf('infra/main.bicep', params, sourcesWith(planted), SUBSCRIPTION);
}
