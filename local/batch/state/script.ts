export interface Script {
  /** Which tasks: `job/task`, each with `*` for any run of characters. */
  readonly pattern: RegExp;
  readonly exitCode: number;
  readonly afterSeconds: number;
}
