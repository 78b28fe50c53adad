import { useEffect, useMemo } from 'preact/hooks';
import { generation } from './connection';
import { queryOf, type Query } from './query';

const never = () => false;

/** Shows an answer of the app and keeps it up to date while the component is there. */
export function useQuery<Data>(
  path: string,
  isActive: (data: Data) => boolean = never,
): Query<Data> {
  const query = useMemo(() => queryOf<Data>(path), [path]);
  const fetched = generation.value;
  useEffect(() => query.watch(isActive), [query, fetched]);
  return query;
}
