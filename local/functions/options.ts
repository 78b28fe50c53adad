import type { Clock } from '../clock';
import type { HostKeys } from './keys';
import type { Log } from './log';
import type { Environment } from './settings';

export interface HostOptions {
  /** The compiled app: the folder of its `package.json` and `host.json`. */
  readonly appFolder?: string;
  /** Instead of an app folder, or after it: registers functions by hand. */
  readonly register?: () => unknown;
  /** Where instances, timers and keys are kept; without it they are kept in memory. */
  readonly dataFolder?: string;
  /** 0 or nothing: any free port. */
  readonly port?: number;
  /** The port of the durable client; taken or nothing: any free port. */
  readonly rpcPort?: number;
  /** Timers, durable timers and polls live by it. */
  readonly clock: Clock;
  /** The app's settings are put into it; the app's libraries read `process.env`. */
  readonly environment: Environment;
  /** Whether `local.settings.json` adds to it, as under Core Tools. Default true. */
  readonly localSettings?: boolean;
  readonly log: Log;
  /** Whether what was acknowledged survives the loss of power too. Default true. */
  readonly fsync?: boolean;
  /** How often containers are looked through for new blobs. Default 10 s, on the clock. */
  readonly blobPollMs?: number;
  /** Types of outputs that are written down in the data folder instead of sent. */
  readonly pretendedOutputs?: readonly string[];
  /** With them, keys are asked for as in Azure; without, nobody is asked, as by `func start`. */
  readonly keys?: HostKeys;
  /** The journal cannot be written. Default: the error is thrown where nobody catches it. */
  readonly onBroken?: (error: unknown) => void;
}
