import type { Clock } from '../clock';
import type { HostKeys } from './keys';
import type { Log } from './log';
import type { Environment } from './settings';

export interface HostOptions {
  /** The compiled app: the folder of its `package.json` and `host.json`. */
  readonly appFolder?: string;
  /** Registers functions by code, instead of an app folder or after it. */
  readonly register?: () => unknown;
  /** Folder of instances, timers and keys. Default: they are kept in memory. */
  readonly dataFolder?: string;
  /** Port of callers. Default, and 0: any free port. */
  readonly port?: number;
  /** The port of the durable client. If it is in use or not given: any free port. */
  readonly rpcPort?: number;
  /** The clock of timers, durable timers and polls. */
  readonly clock: Clock;
  /** Receives the app's settings; the app's libraries read `process.env`. */
  readonly environment: Environment;
  /** True when `local.settings.json` is added to it, as under Core Tools. Default: true. */
  readonly localSettings?: boolean;
  readonly log: Log;
  /** True when acknowledged changes also survive a loss of power. Default: true. */
  readonly fsync?: boolean;
  /** Interval of the blob scans, in milliseconds of the clock. Default: 10 s. */
  readonly blobPollMs?: number;
  /** Types of outputs that are written to the data folder instead of being sent. */
  readonly pretendedOutputs?: readonly string[];
  /** With keys, requests need one as in Azure; without, none is required, as with `func start`. */
  readonly keys?: HostKeys;
  /** Called when the journal cannot be written. Default: the error is thrown as uncaught. */
  readonly onBroken?: (error: unknown) => void;
}
