import { allows, builtInRoles, type Right, type RoleName } from '../../../local/roles/built-in';
import { callsOfApp } from './calls';
import type { Grant, Granted } from './grants';
import { needs } from './operations';

/** Whether the grants of a deployment are enough, and no more than that. */
export const calls = callsOfApp();

interface Wanted {
  readonly who: Grant['who'];
  readonly right: Right;
}

export function uncovered(granted: Granted, hasPerson: boolean): string[] {
  const missing = wantedIn(granted, hasPerson).filter(
    (wanted) => !isCovered(wanted, granted.grants),
  );
  return [...new Set(missing.map(({ who, right }) => `${who}: ${right.name}`))].sort();
}

/** Grants without which just as much is covered. */
export function idle(granted: Granted, hasPerson: boolean): string[] {
  const missing = uncovered(granted, hasPerson).length;
  return granted.grants
    .filter((grant) => {
      const grants = granted.grants.filter((other) => other !== grant);
      return uncovered({ ...granted, grants }, hasPerson).length === missing;
    })
    .map(({ who, role }) => `${who}: ${role}`);
}

/** Grants in whose place a weaker role would cover just as much. */
export function excessive(granted: Granted, hasPerson: boolean): string[] {
  const missing = uncovered(granted, hasPerson).length;
  return granted.grants.flatMap((grant) =>
    weakerThan(grant.role)
      .filter((role) => {
        const grants = granted.grants.map((other) =>
          other === grant ? { ...grant, role } : other,
        );
        return uncovered({ ...granted, grants }, hasPerson).length === missing;
      })
      .map((role) => `${grant.who}: ${grant.role}, where ${role} would do`),
  );
}

/** Roles that allow nothing but what this one allows, and not all of it. */
function weakerThan(role: RoleName): RoleName[] {
  const all = Object.keys(builtInRoles) as RoleName[];
  return all.filter((other) => isWithin(other, role) && !isWithin(role, other));
}

function isWithin(weak: RoleName, strong: RoleName): boolean {
  const { actions, dataActions } = builtInRoles[weak];
  const rights: Right[] = [
    ...actions.map((name) => ({ plane: 'action' as const, name })),
    ...dataActions.map((name) => ({ plane: 'dataAction' as const, name })),
  ];
  return rights.every((right) => allows(builtInRoles[strong], right));
}

/** Every right somebody needs in this deployment, from the app's calls and from the platform's needs. */
function wantedIn({ settings, types }: Granted, hasPerson: boolean): Wanted[] {
  const platform = needs
    .filter(({ who }) => who !== 'person' || hasPerson)
    .filter(({ onlyWith }) => onlyWith === undefined || onlyWith in settings)
    .filter(({ onlyWithType }) => onlyWithType === undefined || types.has(onlyWithType))
    .flatMap(({ who, rights }) => rights.map((right) => ({ who, right })));
  const app = calls.flatMap(({ rights }) =>
    rights.map((right) => ({ who: 'app' as const, right })),
  );
  return [...platform, ...app];
}

export function isCovered({ who, right }: Wanted, grants: readonly Grant[]): boolean {
  const provider = right.name.split('/')[0] ?? '';
  return grants.some(
    (grant) =>
      grant.who === who && grant.on.startsWith(provider) && allows(builtInRoles[grant.role], right),
  );
}
