export const BICEP_VERSION: string;
/** Path of the compiler, whether it is there or not. */
export const bicepFile: string;
/** Returns the reason that there is no compiler, or null when it is there. */
export function whyNoBicep(): string | null;
export function hasDotnet(): boolean;
