/** A copy without some optional properties. */
export function omit<T extends object, Name extends OptionalName<T>>(
  thing: T,
  names: readonly Name[],
): T {
  const copy = { ...thing };
  for (const name of names) delete copy[name];
  return copy;
}

type OptionalName<T> = {
  [Name in keyof T]-?: object extends Pick<T, Name> ? Name : never;
}[keyof T];
