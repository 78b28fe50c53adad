import { z } from 'zod';
import { failureCode } from './record';

/** A problem document: https://www.rfc-editor.org/rfc/rfc9457 */
export const problemSchema = z
  .object({
    type: z.string().describe('`urn:nightshift:` and the code.'),
    title: failureCode,
    status: z.int(),
    detail: z.string().describe('One sentence.'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('Each field that is wrong.'),
  })
  .describe('Why a request was not done.');

/** An OpenAPI document. */
export const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.unknown()),
});
