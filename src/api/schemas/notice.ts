import { z } from 'zod';
import { count } from './view';

/** Schemas of the test of a target of notices. */

export const newTestSchema = z.strictObject({
  to: z.string().min(1).max(100).describe('Name of the target.'),
});

export const testedSchema = z.object({
  to: z.string(),
  id: z.string().describe('Id of the event.'),
  delivered: z.boolean(),
  status: z.int().nullable().describe('Status of the receiver; null without an answer.'),
  detail: z.string(),
  dropped: count.describe('Number of notices that were dropped so far.'),
});
