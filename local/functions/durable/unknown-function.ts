type Kind = 'orchestration' | 'activity' | 'entity';

/** The message of the extension for a function that does not exist. */
export function unknownFunction(
  kind: Kind,
  name: string,
  { functions }: { readonly functions: { names(kind: Kind): readonly string[] } },
): string {
  const noun = { orchestration: 'orchestrator', activity: 'activity', entity: 'entity' }[kind];
  const names = functions.names(kind);
  const known =
    names.length === 0
      ? `No ${noun} functions are currently registered!`
      : `The following are the known ${noun} functions: ${names.map((each) => `'${each}'`).join(', ')}.`;
  return `The function '${name}' doesn't exist, is disabled, or is not an ${noun} function. Additional info: ${known}`;
}
