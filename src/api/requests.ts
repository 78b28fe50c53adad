import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';
import { Failure } from '../failure';
import type { RunRequest } from '../run/run';
import type { Workload, Workloads } from '../workload/workload';
import { validate, validationErrorFrom, ValidationError } from '../workload/validation';
import { parametersOf } from '../workload/parameters';
import { newRunSchema } from './schemas/run';

const MAX_BODY_BYTES = 64 * 1024;

const MAX_KEY_CHARACTERS = 128;

/** @throws Failure unknownWorkload with the names of the known ones */
export function findWorkload(workloads: Workloads, name: string): Workload {
  const workload = workloads.get(name);
  if (workload !== undefined) return workload;
  const known = [...workloads.keys()].join(', ');
  throw new Failure(
    'unknownWorkload',
    `no workload is called ${JSON.stringify(name.slice(0, 64))}; known workloads: ${known}`,
  );
}

/** @throws Failure unknownRun when the id cannot be that of a run */
export function checkRunId(id: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(id)) return id;
  throw new Failure(
    'unknownRun',
    `${JSON.stringify(id.slice(0, 64))} is not a run id; GET /api/runs lists the runs`,
  );
}

/** The idempotency key of a request; null without one. */
export function keyOf(request: HttpRequest): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === null) return null;
  if (key.length > 0 && key.length <= MAX_KEY_CHARACTERS) return key;
  throw new ValidationError([
    { field: 'Idempotency-Key', message: `must have 1 to ${MAX_KEY_CHARACTERS} characters` },
  ]);
}

/** @throws Failure bodyTooLarge, or ValidationError when the body is not JSON */
export async function readBody(request: HttpRequest): Promise<unknown> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  const text = announced > MAX_BODY_BYTES ? null : await request.text();
  if (text === null || Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new Failure(
      'bodyTooLarge',
      `the body has more than ${MAX_BODY_BYTES} bytes; store the data in a blob and pass its name`,
    );
  }
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ValidationError([
      { field: 'body', message: 'must be JSON, such as {"parameters": {}}' },
    ]);
  }
}

/** @throws ValidationError with every validation error of the body */
export function checkBody(
  workload: Workload,
  body: unknown,
): Pick<RunRequest, 'parameters' | 'blob'> {
  const { blob, parameters: given } = checked(newRunSchema, body);
  const parameters = parametersOf(workload, given);
  if (blob === undefined) return { parameters };
  if (workload.inputs === undefined) {
    throw new ValidationError([
      { field: 'blob', message: `workload ${workload.name} has no input container` },
    ]);
  }
  return { parameters, blob };
}

/** A body as its schema has it. @throws ValidationError with every error of a field */
export function checked<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const validated = validate(schema, body);
  if (!validated.isValid) throw validationErrorFrom(validated.errors);
  return validated.value;
}

/** The query of a request as its schema has it. @throws ValidationError with every error of a parameter */
export function queryOf<Output>(schema: z.ZodType<Output>, { query }: HttpRequest): Output {
  const parsed = schema.safeParse(Object.fromEntries(query));
  if (!parsed.success) throw validationErrorFrom(parsed.error.issues);
  return parsed.data;
}

/** The name by which App Service authentication knows the caller, else the name that the caller gives. */
export function callerOf({ headers }: HttpRequest, given: string | undefined): string {
  return headers.get('x-ms-client-principal-name') ?? given ?? 'a request';
}
