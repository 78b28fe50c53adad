import { entityId, parseEntityId } from './entity';
import type { ApiResponse, ApiCall } from './api-call';

/** `GET entities/{name}/{key}`: the entity's state; the key `$` stands for the empty one. */
export function getEntity({ hub, parts: [, name = '', key = ''] }: ApiCall): ApiResponse {
  const entity = hub.options.store.state.entities.get(entityId(name, key === '$' ? '' : key));
  if (entity === undefined || !entity.exists) return { status: 404 };
  return { status: 200, json: JSON.parse(entity.state ?? 'null') };
}

/** `GET entities` and `GET entities/{name}`. */
export function listEntities({ hub, url, parts: [, name] }: ApiCall): ApiResponse {
  const prefix = name === undefined ? '@' : entityId(name, '');
  const withState = url.searchParams.get('fetchState')?.toLowerCase() === 'true';
  const from = url.searchParams.get('lastOperationTimeFrom');
  const to = url.searchParams.get('lastOperationTimeTo');
  const json = [...hub.options.store.state.entities.values()]
    .filter(({ id, exists, updated }) => {
      const time = Date.parse(updated);
      const isLate = from !== null && time < Date.parse(from);
      const isEarly = to !== null && time > Date.parse(to);
      return exists && id.startsWith(prefix) && !isLate && !isEarly;
    })
    .map(({ id, state, updated }) => ({
      entityId: parseEntityId(id),
      lastOperationTime: updated,
      state: withState && state !== null ? JSON.parse(state) : null,
    }));
  return { status: 200, json };
}
