import { allows, builtInRoles, isRoleName, type Right, type RoleName } from './built-in';

/** The roles of the only identity of a local environment, where roles are enforced. */
export interface Access {
  readonly roles: readonly RoleName[];
  /** Rights that are withdrawn, by name, to test the app without them. Read for every request. */
  readonly without: ReadonlySet<string>;
  /** Called for every request that was allowed or denied. */
  readonly onChecked?: (seen: CheckedRequest) => void;
}

export interface CheckedRequest {
  readonly right: Right;
  readonly request: string;
  readonly isAllowed: boolean;
}

/** Returns whether the bearer of a token with these claims has a right. */
export function hasRight(
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
