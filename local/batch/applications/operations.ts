import { type Account, keyOf } from '../state/account';
import type { ApplicationRecord } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { type Listing, pageOf } from '../wire/page';
import { Refusal } from '../wire/refusals';

const applicationListing: Listing = { metadata: 'applications', filterable: [], selectable: [] };

/**
 * GET /applications: the usable applications. Packages are uploaded through `/_local`, see
 * library.ts.
 */
export function listApplications(account: Account, call: Call): Reply {
  return pageOf(call, applicationListing, (after) =>
    [...account.applications.values()]
      .filter(({ seq }) => seq > after)
      .map((application) => ({ seq: application.seq, view: () => applicationView(application) })),
  );
}

/** GET /applications/{applicationId} */
export function getApplication(account: Account, call: Call<undefined, 'applicationId'>): Reply {
  const application = account.applications.get(keyOf(call.params.applicationId));
  if (application === undefined) throw new Refusal('ApplicationNotFound');
  return { status: 200, metadata: 'applications/@Element', body: applicationView(application) };
}

export function applicationView({ id, displayName, versions }: ApplicationRecord): object {
  return { id, displayName: displayName ?? id, versions };
}
