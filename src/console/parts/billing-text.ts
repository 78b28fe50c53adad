import type { BillingView } from '../../api/schemas/overview';
import { counted, moneyText } from '../format/numbers';

/** In a few words: what bills, that nothing does, or that nobody knows yet. */
export function billingText(billing: BillingView, currency: string): string {
  const { state, nodes, pricePerHour } = billing;
  if (state === 'nothing') return 'nothing bills';
  if (state === 'unknown') return 'billing not checked yet';
  if (nodes === 0) return 'a pool may be billed';
  const price = pricePerHour === null ? '' : ` · ${moneyText(pricePerHour, currency)}/h`;
  return `${counted(nodes, 'node')} billed${price}`;
}
