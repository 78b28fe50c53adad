import type { ContainerSettings, OutputFile, ResourceFile } from '../bodies/common';
import type { ContainerInfo, Failure } from '../state/records';

/** One execution of a command line: a start, preparation, release or ordinary task. */
export interface Execution {
  readonly nodeId: string;
  readonly folder: string;
  readonly processesFolder: string;
  readonly commandLine: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly resourceFiles: readonly ResourceFile[];
  readonly outputFiles: readonly OutputFile[];
  readonly container?: ContainerSettings | undefined;
  readonly autoStorageContainer?: ((name: string) => string | Promise<string>) | undefined;
  /** Starts the timer of the wall-clock limit; returns a function that cancels it. */
  readonly startTimer: (end: () => void) => () => void;
}

/** The result of an execution. */
export type ExecutionResult =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly container?: ContainerInfo }
  | {
      readonly kind: 'failed';
      readonly step: 'preProcessing' | 'fileUpload';
      readonly failure: Failure;
      readonly exitCode?: number;
    }
  | { readonly kind: 'timedOut'; readonly exitCode?: number }
  | { readonly kind: 'aborted' };
