import { z } from 'zod';
import type { Workloads } from '../workload/workload';
import { COMMON_PROBLEMS, operations, type Operation } from './operations';
import { parametersSchema } from './parameters-schema';
import { backfillPlanSchema, backfillSummarySchema, backfillViewSchema } from './schemas/backfill';
import { logPartSchema } from './schemas/log';
import { outputsSchema } from './schemas/output';
import { planSchema } from './schemas/plan';
import { problemSchema } from './schemas/problem';
import {
  nodeCountsSchema,
  occurrenceSchema,
  recordSchema,
  taskCountsSchema,
} from './schemas/record';
import { runSummarySchema, runViewSchema } from './schemas/run';
import { taskSchema } from './schemas/task';
import { pauseSchema, scheduleSchema, workloadSchema } from './schemas/workload';

/** The API as an OpenAPI document, made from the schemas that check requests and describe answers. */

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> } & Json;
  readonly [key: string]: unknown;
}

/** The version of the package; a test compares them. */
const VERSION = '0.1.0';

const named = {
  Backfill: backfillViewSchema,
  BackfillPlan: backfillPlanSchema,
  BackfillSummary: backfillSummarySchema,
  LogPart: logPartSchema,
  NodeCounts: nodeCountsSchema,
  Occurrence: occurrenceSchema,
  Outputs: outputsSchema,
  Pause: pauseSchema,
  Plan: planSchema,
  Problem: problemSchema,
  Run: runViewSchema,
  RunRecord: recordSchema,
  RunSummary: runSummarySchema,
  Schedule: scheduleSchema,
  Task: taskSchema,
  TaskCounts: taskCountsSchema,
  Workload: workloadSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

export function openApiDocument(workloads: Workloads): OpenApiDocument {
  const registry = namedSchemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const path = pathOf(operation);
    const described = operationOf(name, operation, { registry, workloads });
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Nightshift',
      version: VERSION,
      description:
        'Recurring work on Azure Batch. A client has to accept fields that it does not know. Azure asks for a function key; the local environment does not.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ functionKey: [] }],
    paths,
    components: {
      schemas: jsonSchemasOf(registry),
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
      },
    },
  };
}

/** `/api/runs/{id}/outputs/{name}` of the route `runs/{id}/outputs/{*name}`. */
export function pathOf({ route }: Pick<Operation, 'route'>): string {
  return `/api/${route.replaceAll('{*', '{')}`;
}

/** The schemas of answers with their names; one without a name of its own has that of its operation. */
function namedSchemas() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  for (const [name, { answers }] of Object.entries<Operation>(operations)) {
    for (const schema of Object.values(answers)) {
      if (schema === null || schema === 'bytes' || registry.has(schema)) continue;
      registry.add(schema, { id: `${name}-answer` });
    }
  }
  return registry;
}

type NamedSchemas = ReturnType<typeof namedSchemas>;

const REFERENCE = '#/components/schemas/';

function jsonSchemasOf(registry: NamedSchemas): Record<string, Json> {
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `${REFERENCE}${id}`,
    // Later versions may add fields.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

/** A schema as a part of the document, which has its own address and dialect. */
function bare(schema: object): Json {
  const { $schema: _dialect, $id: _address, ...rest } = schema as Record<string, unknown>;
  return rest;
}

interface Context {
  readonly registry: NamedSchemas;
  readonly workloads: Workloads;
}

function operationOf(name: string, operation: Operation, context: Context): Json {
  const { summary, answers, problems, body, hasEtag = false } = operation;
  const problem = {
    description: 'A problem document.',
    content: { 'application/problem+json': { schema: { $ref: `${REFERENCE}Problem` } } },
  };
  return {
    operationId: name,
    summary,
    parameters: [
      ...pathParameters(operation, context.workloads),
      ...queryParameters(operation.query),
      ...headerParameters(operation),
    ],
    ...(body !== undefined && { requestBody: bodyOf(name, body, context.workloads) }),
    responses: {
      ...Object.fromEntries([...problems, ...COMMON_PROBLEMS].map((one) => [one, problem])),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [
          status,
          { ...answerOf(schema, context), ...(hasEtag && { headers: ETAG }) },
        ]),
      ),
      ...(hasEtag && { 304: { description: 'The version of If-None-Match.', headers: ETAG } }),
    },
  };
}

const ETAG = { ETag: { schema: { type: 'string' }, required: true } };

function answerOf(schema: z.ZodType | 'bytes' | null, { registry }: Context): Json {
  if (schema === 'bytes') {
    return { description: 'Bytes of a file.', content: { 'application/octet-stream': {} } };
  }
  if (schema === null) {
    return {
      description: 'A redirect.',
      headers: { Location: { schema: { type: 'string' }, required: true } },
    };
  }
  const id = registry.get(schema)?.id ?? '';
  return {
    description: schema.description ?? 'Success.',
    content: { 'application/json': { schema: { $ref: `${REFERENCE}${id}` } } },
  };
}

/** The parameters of a run differ by workload: the body names the schema of each. */
function bodyOf(name: string, body: z.ZodObject, workloads: Workloads): Json {
  const schema = bare(z.toJSONSchema(body, { io: 'input' }));
  const properties = schema['properties'] as Json;
  const parameters = [...workloads.values()].map((workload) => ({
    title: workload.name,
    ...parametersSchema(workload.parameters),
  }));
  const full =
    'parameters' in properties && parameters.length > 0
      ? { ...schema, properties: { ...properties, parameters: { anyOf: parameters } } }
      : schema;
  return {
    description: `Body of ${name}.`,
    required: 'required' in schema,
    content: { 'application/json': { schema: full } },
  };
}

function pathParameters({ route }: Operation, workloads: Workloads): Json[] {
  return [...route.matchAll(/\{\*?(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: pathSchema(name, workloads),
  }));
}

function pathSchema(name: string, workloads: Workloads): Json {
  if (name === 'workload') return { type: 'string', enum: [...workloads.keys()] };
  return name === 'log' ? { type: 'string', enum: ['stdout', 'stderr'] } : { type: 'string' };
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function headerParameters({ headers = {}, hasEtag = false }: Operation): Json[] {
  const all = hasEtag ? { ...headers, 'If-None-Match': 'The ETag of an earlier answer.' } : headers;
  return Object.entries(all).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}
