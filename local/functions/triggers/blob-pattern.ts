/** The path of a blob trigger: `container/text{parameter}text…`, braces doubled to mean braces. */
export interface BlobPattern {
  readonly container: string;
  /** The parameters' values, or undefined if the blob does not match the trigger. */
  match(blob: string): Readonly<Record<string, string>> | undefined;
}

export function parseBlobPattern(path: string): BlobPattern {
  const slash = path.indexOf('/');
  const container = slash < 0 ? path : path.slice(0, slash);
  if (container === '' || /[{}]/.test(container))
    throw new Error(`The blob path '${path}' does not start with the name of a container.`);
  // A path without a slash watches the whole container.
  if (slash < 0) return { container, match: () => ({}) };

  const names: string[] = [];
  const tokens = path.slice(slash + 1).match(/\{\{|\}\}|\{\w+\}|[^{}]+|./g) ?? [];
  const source = tokens.map((token) => {
    if (token === '{{') return String.raw`\{`;
    if (token === '}}') return String.raw`\}`;
    if (/^\{\w+\}$/.test(token)) {
      names.push(token.slice(1, -1));
      return '(.*)';
    }
    if (token === '{' || token === '}') throw new Error(`A brace in '${path}' is not matched.`);
    return token.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  });
  const pattern = new RegExp(`^${source.join('')}$`, 's');
  return {
    container,
    match(blob) {
      const found = pattern.exec(blob);
      if (found === null) return undefined;
      return Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? '']));
    },
  };
}
