/**
 * An assumption of this repository about Azure or the Functions host that its authors could not
 * confirm, because they had documentation and source but no subscription.
 */
export interface Assumption {
  /** Stable name, by which checks and reports refer to it. */
  readonly id: string;
  readonly statement: string;
  /** File of the repository that is wrong if the assumption is. */
  readonly dependsOn: string;
  /** Instruction for a person, for an assumption that no check of this program observes. */
  readonly byHand?: string;
}

export type Verdict = 'confirmed' | 'contradicted' | 'notChecked';

/** The result of a check for one assumption. */
export interface Finding {
  readonly assumption: string;
  readonly verdict: Verdict;
  /** One sentence, or the value that the service returned; the reason, where nothing was checked. */
  readonly observed: string;
}

export function confirmed(assumption: string, observed: string): Finding {
  return { assumption, verdict: 'confirmed', observed };
}

export function contradicted(assumption: string, observed: string): Finding {
  return { assumption, verdict: 'contradicted', observed };
}

export function notChecked(assumption: string, reason: string): Finding {
  return { assumption, verdict: 'notChecked', observed: reason };
}

/** Confirmed where the condition holds, otherwise contradicted. */
export function findingOf(assumption: string, holds: boolean, observed: string): Finding {
  return holds ? confirmed(assumption, observed) : contradicted(assumption, observed);
}
