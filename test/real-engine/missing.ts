import { whyNoEngine } from '../../scripts/real-engine-host.mjs';

const missing = whyNoEngine();

/** True where the engine is not there: its tests are skipped. */
export const isMissing = missing !== null;

/** The end of the titles of tests on the engine, with the reason where they are skipped. */
export const skipped =
  missing === null ? '' : `, skipped as the real engine is not there: ${missing}`;
