import type { FieldError } from '../validation';

const SHELL = /^\s*(?:(?:\/usr)?\/bin\/)?(?:ba|da)?sh\s+(-\S+)?/;

/**
 * Batch runs a command without a shell, where `&&` and `$NAME` would be plain arguments; and a
 * shell that is given several steps answers for the last one alone.
 */
export function* checkShell(path: (string | number)[], command: string): Generator<FieldError> {
  const shell = SHELL.exec(command);
  const wantsShell = /&&|\|\||[|;<>`]|\$[A-Za-z_{(]/.exec(command);
  if (shell === null && wantsShell !== null) {
    yield {
      path,
      message: `"${wantsShell[0]}" means nothing without a shell; write /bin/sh -c '…' or move it into a script of the programs folder`,
    };
  }
  const flags = shell?.[1] ?? '';
  const stopsAtFailure = flags.includes('e') || /\bset -[a-z]*e/.test(command);
  if (flags.includes('c') && /[;\n]/.test(command) && !stopsAtFailure) {
    yield {
      path,
      message: `a step that fails would be passed over; join the steps with && or write ${command.trim().split(/\s/)[0] ?? ''} -ec '…'`,
    };
  }
}
