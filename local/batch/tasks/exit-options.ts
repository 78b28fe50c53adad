import type { ExitConditions, ExitOptions } from '../bodies/task';

/** What is known of how a task ended. */
export interface TaskEnd {
  readonly exitCode?: number;
  readonly failure?: object;
  readonly step?: 'preProcessing' | 'fileUpload';
}

/**
 * The options that apply to an end: an exact code, then a range, then what failed before or after
 * the process, then the default, which is for failures only. An exit-code match wins over an
 * upload that failed.
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
