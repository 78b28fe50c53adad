/** Folder of the project. */
export const sourceFolder: string;
/** Folder of the built program. */
export const engineFolder: string;
/** Path of the built program, whether it is there or not. */
export const engineFile: string;
/** Returns the reason that there is no real engine, or null when it is there. */
export function whyNoEngine(): string | null;
/** Returns the reason that the engine cannot be built here, or null. */
export function whyNoSdk(): string | null;
