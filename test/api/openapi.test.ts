import { Validator } from '@seriousme/openapi-schema-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApiHandler } from '../../src/api/openapi-document';
import { openApiDocument, pathOf } from '../../src/api/openapi';
import { operations, type Operation } from '../../src/api/operations';
import { schemaOf } from '../../src/api/schemas/view';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { TaskCounts } from '../../src/run/run';
import { namesIn, rowsOf, textOf } from '../docs/documents';
import { whole } from '../run/given';
import { checkAnswer, operationFor } from './answers';
import { answerTo, testApp } from './given';

const root = join(__dirname, '..', '..');
const workloads = checkWorkloads([
  { ...whole, parameters: z.strictObject({ width: z.int().min(64).default(960) }) },
]);
const document = openApiDocument(workloads);

function jsonAt(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document));

  expect(result).toEqual({ valid: true });
});

test('the document has every route of the app exactly once, under the name of its function, static files aside', () => {
  const { functions } = jsonAt('infra/app.json') as {
    readonly functions: readonly {
      readonly name: string;
      readonly trigger: string;
      readonly route: string;
      readonly methods: readonly string[];
      readonly authLevel: string;
    }[];
  };
  const registered = functions
    // The console's files are no operation: they are the only ones without a key.
    .filter(({ trigger, authLevel }) => trigger === 'httpTrigger' && authLevel === 'function')
    .flatMap(({ name, route, methods }) =>
      methods.map((method) => `${name}: ${method} ${pathOf({ route })}`),
    );
  const documented = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, { operationId }]) => `${String(operationId)}: ${method.toUpperCase()} ${path}`,
    ),
  );

  expect(documented.toSorted()).toEqual(registered.toSorted());
});

test('the table of routes has the statuses of the document', () => {
  const table = rowsOf(textOf('docs/reference/http-api.md')).filter(([first = '']) =>
    namesIn(`| ${first} |`).some((code) => code.includes(' /api/')),
  );
  const shown = table.map(
    ([route = '', statuses = '']) => `${route.replaceAll('`', '')} ${statuses}`,
  );
  const documented = Object.values<Operation>(operations).map(
    ({ method, route, answers, problems, hasEtag = false }) => {
      const statuses = [
        ...new Set([...Object.keys(answers).map(Number), ...problems, ...(hasEtag ? [304] : [])]),
      ];
      return `${method} /api/${route} ${statuses.sort((one, other) => one - other).join(', ')}`;
    },
  );

  expect(shown.toSorted()).toEqual(documented.toSorted());
});

test('a start names the workloads and the schema of their parameters', () => {
  const start = document.paths['/api/runs/{workload}']?.['post'];

  expect(start?.['parameters']).toEqual([
    {
      name: 'workload',
      in: 'path',
      required: true,
      schema: { type: 'string', enum: ['hello'] },
    },
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'A repeated request with the same key finds the run of the first one.',
      schema: { type: 'string' },
    },
  ]);
  expect(start?.['requestBody']).toEqual({
    description: 'Body of runs-start.',
    required: false,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: false,
          properties: {
            parameters: {
              anyOf: [
                {
                  title: 'hello',
                  type: 'object',
                  additionalProperties: false,
                  properties: {
                    width: {
                      type: 'integer',
                      minimum: 64,
                      maximum: 9007199254740991,
                      default: 960,
                    },
                  },
                },
              ],
            },
            blob: {
              type: 'string',
              minLength: 1,
              maxLength: 1024,
              description: "The only blob of the workload's input container that the run takes.",
            },
            by: {
              type: 'string',
              minLength: 1,
              maxLength: 100,
              description: 'Name of the caller, where the platform does not know it.',
            },
          },
        },
      },
    },
  });
});

test('the version of the document is that of the package', () => {
  expect(document.info['version']).toBe((jsonAt('package.json') as { version: string }).version);
});

test('the app returns its document, built once', async () => {
  const { app, hub } = testApp([whole]);
  const handler = openApiHandler(app);
  const { status, body } = await answerTo(handler, hub, { path: '/api/openapi.json' });

  expect(status).toBe(200);
  expect(body).toEqual(openApiDocument(app.workloads));
});

test('a schema that lacks a field of its type, or has another, does not compile', () => {
  const tied = schemaOf<TaskCounts>();
  const fields = { active: z.int(), running: z.int(), succeeded: z.int() };

  tied(z.object({ ...fields, failed: z.int() }));
  // @ts-expect-error -- `failed` is missing
  tied(z.object(fields));
  // @ts-expect-error -- `lost` is no field of the type
  tied(z.object({ ...fields, failed: z.int(), lost: z.int().optional() }));
  expect(Object.keys(fields)).toEqual(['active', 'running', 'succeeded']);
});

test('an answer with a field, a value or a status that the document does not have is found', () => {
  const good = { workload: null, pause: null };

  checkAnswer('pause', { status: 200, body: good });
  expect(() => checkAnswer('pause', { status: 200, body: { ...good, until: null } })).toThrow(
    'until',
  );
  expect(() => checkAnswer('pause', { status: 200, body: { workload: 1, pause: null } })).toThrow(
    '/workload must be',
  );
  expect(() => checkAnswer('pause', { status: 418, body: good })).toThrow(
    'does not describe POST pause 418',
  );
});

test.each([
  ['GET', '/api/runs', 'runs-list'],
  ['GET', '/api/runs?limit=2', 'runs-list'],
  ['GET', '/api/runs/a-b', 'runs-show'],
  ['GET', '/api/runs/a-b/outputs', 'outputs'],
  ['GET', '/api/runs/a-b/outputs/results/a.txt', 'outputs'],
  ['POST', '/api/workloads/a/pause', 'workloads-pause'],
  ['GET', '/api/openapi.json', 'openapi'],
  ['GET', '/api', null],
] as const)('%s %s reaches %s', (method, path, operation) => {
  expect(operationFor(method, path)).toBe(operation);
});
