import { allows, builtInRoles, isRoleName, type Right, type RoleName } from './built-in';

/** What the one identity of a local environment may do, where somebody asked for that to matter. */
export interface Access {
  readonly roles: readonly RoleName[];
  /** Rights taken away again, by name: to see what an app does without. Looked at for every request. */
  readonly without: ReadonlySet<string>;
  /** Told of every request that was let through or not. */
  readonly note?: (seen: Seen) => void;
}

export interface Seen {
  readonly right: Right;
  readonly request: string;
  readonly isAllowed: boolean;
}

/** Whether the bearer of a token with these claims may. */
export function mayDo(
  claims: Readonly<Record<string, unknown>> | null,
  right: Right,
  { without }: Pick<Access, 'without'>,
): boolean {
  if (without.has(right.name)) return false;
  const roles: unknown = claims?.['roles'];
  if (!Array.isArray(roles)) return false;
  return roles.some((name) => isRoleName(String(name)) && allows(roleOf(String(name)), right));
}

function roleOf(name: string) {
  return builtInRoles[name as RoleName];
}
