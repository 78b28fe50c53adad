import type { Locate, Send } from './api';
import { pathOfRun } from './runs';

/** A file of a run: an output or a log. */
export interface Output {
  /** The name of the blob, as a task chose it. Untrusted. */
  readonly name: string;
  readonly bytes: number;
}

interface OutputPage {
  readonly files: readonly Output[];
  readonly isComplete: boolean;
}

/** All files of a run whose names start with the prefix, page by page. */
export async function listOutputs(
  send: Send,
  runId: string,
  prefix = '',
): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for (;;) {
    const query = new URLSearchParams({ prefix, after: outputs.at(-1)?.name ?? '' }).toString();
    const page = (await send('GET', `${pathOfRun(runId)}/outputs?${query}`)) as OutputPage;
    outputs.push(...page.files);
    if (page.isComplete) return outputs;
  }
}

/**
 * The address in storage from which a file can be read for some minutes. The name must not have
 * segments such as `..`, which would make it another path.
 */
export function locateOutput(locate: Locate, runId: string, name: string): Promise<string> {
  const path = name.split('/').map(encodeURIComponent).join('/');
  return locate(`${pathOfRun(runId)}/outputs/${path}`);
}
