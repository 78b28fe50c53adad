import type { QueryField } from '../query';

/** Filterable properties of lists, by the types of Batch's own table. */
export function idField(path = 'id'): QueryField {
  return {
    path,
    kind: 'string',
    operators: ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'startswith'],
  };
}

export function stateField(path: string, ...operators: readonly ('eq' | 'ne')[]): QueryField {
  return { path, kind: 'state', operators: operators.length === 0 ? ['eq', 'ne'] : operators };
}

export function dateField(path: string): QueryField {
  return { path, kind: 'date', operators: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] };
}

export function numberField(path: string): QueryField {
  return { path, kind: 'number', operators: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] };
}

export function booleanField(path: string): QueryField {
  return { path, kind: 'boolean', operators: ['eq', 'ne'] };
}

/** Properties of every resource with a state that a list can be filtered by. */
export const resourceFields: readonly QueryField[] = [
  idField(),
  stateField('state'),
  dateField('stateTransitionTime'),
  dateField('creationTime'),
  dateField('lastModified'),
];

/** Properties of every resource with a state that `$select` may name. */
export const resourceProperties = [
  'id',
  'displayName',
  'url',
  'eTag',
  'lastModified',
  'creationTime',
  'state',
  'stateTransitionTime',
  'stats',
] as const;

export const previousStateProperties = ['previousState', 'previousStateTransitionTime'] as const;
