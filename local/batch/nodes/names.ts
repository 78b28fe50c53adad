import { randomBytes } from 'node:crypto';

/**
 * `tvmps_` and 64 hexadecimal digits, as the service names nodes. Unconfirmed: the suffix `_p` of
 * Spot nodes; `_d` of dedicated nodes was seen.
 */
export function newNodeId(dedicated: boolean): string {
  return `tvmps_${randomBytes(32).toString('hex')}_${dedicated ? 'd' : 'p'}`;
}

/** An address like those of nodes in their own network; no server listens there. */
export function newIpAddress(place: number): string {
  return `10.0.${(place >> 8) & 255}.${(place & 255) + 4}`;
}
