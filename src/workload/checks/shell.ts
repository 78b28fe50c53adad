import type { FieldError } from '../validation';

const SHELL = /^\s*(?:(?:\/usr)?\/bin\/)?(?:ba|da)?sh\s+(-\S+)?/;

/**
 * Shell syntax in a command that has no shell, and shell steps whose failure would be ignored.
 * Batch runs a command without a shell, so `&&` and `$NAME` would be plain arguments; and a shell
 * with several steps returns the exit code of the last one only.
 */
export function* checkShell(path: readonly PropertyKey[], command: string): Generator<FieldError> {
  const shell = SHELL.exec(command);
  const wantsShell = /&&|\|\||[|;<>`]|\$[A-Za-z_{(]/.exec(command);
  if (shell === null && wantsShell !== null) {
    yield {
      path,
      message: `"${wantsShell[0]}" has no effect without a shell; write /bin/sh -c '…' or move the command into a script in the programs folder`,
    };
  }
  const flags = shell?.[1] ?? '';
  const stopsAtFailure = flags.includes('e') || /\bset -[a-z]*e/.test(command);
  if (flags.includes('c') && /[;\n]/.test(command) && !stopsAtFailure) {
    yield {
      path,
      message: `a step that fails would be ignored; join the steps with && or write ${command.trim().split(/\s/)[0] ?? ''} -ec '…'`,
    };
  }
}
