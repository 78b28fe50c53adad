import { builtInRoles, isRoleName, type RoleName } from '../../../local/roles/built-in';
import { textOf, type Value } from '../bicep/values';
import { PERSON, planFor, profiles } from '../deployment';

/** Who is given which role by the deployment, as the plan has it. */
export interface Grant {
  readonly who: 'app' | 'batch' | 'person';
  readonly role: RoleName;
  /** What it is given on, such as Microsoft.Batch/batchAccounts. */
  readonly on: string;
}

export interface Granted {
  readonly grants: readonly Grant[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly types: ReadonlySet<string>;
}

export function grantedIn(
  profile: string,
  planted: Readonly<Record<string, string>> = {},
): Granted {
  const { resources } = planFor(profiles[profile] ?? {}, planted);
  const assignments = resources.filter(
    ({ type }) => type === 'Microsoft.Authorization/roleAssignments',
  );
  const config = resources.find(({ type }) => type === 'Microsoft.Web/sites/config');
  return {
    grants: assignments.map(({ body, scopeId }) => {
      const { principalId, roleDefinitionId } = body['properties'] as Record<
        'principalId' | 'roleDefinitionId',
        Value
      >;
      return {
        who: whoIs(textOf(principalId)),
        role: roleOf(textOf(roleDefinitionId).split('/').at(-1) ?? ''),
        on: typeOf(scopeId ?? ''),
      };
    }),
    settings: config?.body['properties'] as Record<string, unknown>,
    types: new Set(resources.map(({ type }) => type)),
  };
}

function whoIs(principal: string): Grant['who'] {
  if (principal === PERSON) return 'person';
  const identity = /userAssignedIdentities\/id-(app|batch)-\w+\.properties\.principalId/.exec(
    principal,
  )?.[1];
  if (identity === 'app' || identity === 'batch') return identity;
  throw new Error(`nobody knows ${principal}`);
}

function roleOf(id: string): RoleName {
  const found = Object.entries(builtInRoles).find(([, role]) => role.id === id)?.[0] ?? '';
  if (isRoleName(found)) return found;
  throw new Error(`no role has the id ${id}`);
}

function typeOf(id: string): string {
  const [provider = '', ...rest] = (id.split('/providers/').at(-1) ?? '').split('/');
  return [provider, ...rest.filter((_, index) => index % 2 === 0)].join('/');
}
