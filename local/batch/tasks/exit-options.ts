import type { ExitConditions, ExitOptions } from '../bodies/task';

/** The end of a task, for its exit conditions. */
export interface TaskEnd {
  readonly exitCode?: number;
  readonly failure?: object;
  readonly step?: 'preProcessing' | 'fileUpload';
}

/**
 * Returns the options for an end: an exact code, then a range, then an error before or after the
 * process, then the default, which applies to failures only. A matching exit code has precedence
 * over a failed upload.
 */
export function exitOptionsFor(
  conditions: ExitConditions | undefined,
  { exitCode, failure, step }: TaskEnd,
): ExitOptions {
  if (conditions === undefined) return {};
  const byCode = conditions.exitCodes?.find(({ code }) => code === exitCode);
  if (byCode !== undefined) return byCode.exitOptions;
  const byRange = conditions.exitCodeRanges?.find(
    ({ start, end }) => exitCode !== undefined && start <= exitCode && exitCode <= end,
  );
  if (byRange !== undefined) return byRange.exitOptions;
  if (step === 'preProcessing' && conditions.preProcessingError !== undefined) {
    return conditions.preProcessingError;
  }
  if (step === 'fileUpload' && conditions.fileUploadError !== undefined) {
    return conditions.fileUploadError;
  }
  return failure === undefined ? {} : (conditions.default ?? {});
}
