/** The file with the facts of a scenario. */
export function recordingOf(group: string, title: string): string {
  return `recorded/${group}/${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`;
}
