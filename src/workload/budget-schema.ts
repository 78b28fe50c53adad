import { z } from 'zod';
import type { Named } from './named';

const budgetSchema = z.strictObject({
  /** Money for the runs of a month of UTC, in the currency of the prices, such as `50`. */
  perMonth: z.number().positive(),
  /**
   * `refuse`: a start that the budget does not hold is refused (409), and a due time is skipped. `queue`: it
   * waits until the next month. Default: `refuse`.
   */
  whenExceeded: z.enum(['refuse', 'queue']).default('refuse'),
});

/** The money that the runs of a workload may take in a month. */
export interface BudgetOptions extends z.input<typeof budgetSchema>, Named {}
export interface Budget extends z.output<typeof budgetSchema>, Named {}

export const budgetField: z.ZodType<Budget, BudgetOptions> = budgetSchema;
