import { useLocation } from 'preact-iso/router';
import { withQuery, type Filters } from './addresses';

/** The filters of a view, which are in its address: it can be shared, reloaded, and gone back to. */
export function useFilters(): readonly [Filters, (changed: Filters) => void] {
  const { path, query, route } = useLocation();
  const change = (changed: Filters) => route(withQuery(path, { ...query, ...changed }), true);
  return [query, change];
}
