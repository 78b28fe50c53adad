import type { OverviewView } from '../../api/schemas/overview';
import type { Query } from './query';
import { useQuery } from './use-query';

/** The app on one screen, which every view shows a part of. */
export function useOverview(): Query<OverviewView> {
  return useQuery<OverviewView>('/api/overview', isBusy);
}

function isBusy({ workloads, billing }: OverviewView): boolean {
  return billing.state === 'billed' || workloads.some(({ active }) => active.length > 0);
}
