import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import { openApiDocument, type OpenApiDocument } from '../../src/api/openapi';
import { operations, type OperationName } from '../../src/api/operations';

/** Checks answers of the API against its OpenAPI document. */

/** The parts of the document that describe answers are the same for all workloads. */
const document = strict(openApiDocument(new Map())) as OpenApiDocument;
const ajv = new Ajv2020({ allErrors: true, strict: true, validateFormats: false });
ajv.addVocabulary(Object.keys(document));
ajv.addSchema(document, 'document');
const compiled = new Map<string, ValidateFunction>();

/** Clients accept fields that they do not know; in a test a field without a description is an error. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, one]) => [key, strict(one)] as const);
  const isClosed = 'properties' in value && 'type' in value && !('additionalProperties' in value);
  return { ...Object.fromEntries(entries), ...(isClosed && { additionalProperties: false }) };
}

/** @throws Error for an answer that the document does not describe */
export function checkAnswer(
  name: OperationName,
  { status, body }: { readonly status: number | undefined; readonly body: unknown },
): void {
  const { method, route } = operations[name];
  const described = `${method} ${route} ${status ?? ''}`;
  const path = `/api/${route.replaceAll('{*', '{')}`;
  const responses = document.paths[path]?.[method.toLowerCase()]?.['responses'] as
    | Readonly<
        Record<
          string,
          { readonly content?: Readonly<Record<string, { schema: { $ref: string } }>> }
        >
      >
    | undefined;
  const response = responses?.[String(status)];
  if (response === undefined) {
    throw new Error(`the document does not describe ${described}: ${JSON.stringify(body)}`);
  }
  const [content] = Object.values(response.content ?? {});
  if (content?.schema === undefined) return;
  const { $ref } = content.schema;
  const isValid = compiled.get($ref) ?? ajv.compile({ $ref: `document${$ref}` });
  compiled.set($ref, isValid);
  if (isValid(body)) return;
  const errors = (isValid.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
  throw new Error(
    `${described} is not as documented:\n${errors.join('\n')}\n${JSON.stringify(body)}`,
  );
}

/** The operation that a request reaches; null for one of no operation. */
export function operationFor(method: string, path: string): OperationName | null {
  const [plain = ''] = path.split('?');
  const found = Object.entries(operations)
    .filter((entry) => entry[1].method === method && routeExpression(entry[1].route).test(plain))
    // A literal segment comes before a parameter, as in the host.
    .sort((one, other) => parametersIn(one[1].route) - parametersIn(other[1].route));
  return (found[0]?.[0] ?? null) as OperationName | null;
}

function parametersIn(route: string): number {
  return route.split('{').length;
}

function routeExpression(route: string): RegExp {
  const expression = route
    .replaceAll('.', '\\.')
    .replace(/\/\{\*\w+\}/, '(?:/.*)?')
    .replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^/api/${expression}$`);
}
