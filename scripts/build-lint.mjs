// Checks a workload's own shell scripts for what loses a failure on a node: a script returns the
// exit code of its last command only, unless it says otherwise. The build prints these warnings.

const SHELL = /^#!.*\b(?:ba|da|k|z)?sh\b/;

/** Returns the warnings of a script, none for a file that is not a shell script. */
export function scriptWarnings(name, text) {
  if (!name.endsWith('.sh') && !SHELL.test(text)) return [];
  const code = text.replace(/^\s*#.*$/gm, '');
  const stops =
    /^\s*set\s+(?:-[a-zA-Z]*e|-o\s+errexit)/m.test(code) || /^#!.*\s-[a-z]*e/.test(text);
  if (!stops)
    return [`${name}: a command that fails is ignored; begin the script with set -euo pipefail`];
  const isPlain = /^#!.*\/(?:da)?sh\b/.test(text);
  const hasPipe = /[^|]\|[^|]/.test(code.replace(/'[^']*'|"[^"]*"/g, ''));
  if (!hasPipe || /pipefail/.test(code)) return [];
  return [
    isPlain
      ? `${name}: a failure on the left of a pipe is ignored, and sh has no pipefail; use #!/bin/bash`
      : `${name}: a failure on the left of a pipe is ignored; write set -euo pipefail`,
  ];
}
