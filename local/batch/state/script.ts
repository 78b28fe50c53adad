export interface Script {
  /** Matches the tasks: `job/task`, with `*` for any characters. */
  readonly pattern: RegExp;
  readonly exitCode: number;
  readonly afterSeconds: number;
}
