import type { App } from '../app';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { openApiDocument } from './openapi';

/** GET /api/openapi.json returns the OpenAPI document of this app, which is built once. */
export function openApiHandler({ workloads }: Pick<App, 'workloads'>): OperationHandler {
  let text: string | undefined;
  return answering('openapi', async () => {
    text ??= JSON.stringify(openApiDocument(workloads));
    return { status: 200, body: text };
  });
}
