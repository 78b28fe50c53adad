/** Returns the error of the first option that is not a whole number from 1 up. */
export function countProblem(values: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(values)) {
    if (!/^[1-9]\d{0,8}$/.test(text)) {
      return `--${name} must be a whole number from 1 up, not ${JSON.stringify(text)}`;
    }
  }
  return undefined;
}
