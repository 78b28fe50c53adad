import { templatesOf } from '../work-schema';
import { containerImagesOf, type Workload } from '../workload';

/** What is allowed and may surprise, each with its field and what would be better. Pure. */
export function warningsOf(workload: Workload): readonly string[] {
  return [
    ...imageWarnings(workload),
    ...nodeWarnings(workload),
    ...networkWarnings(workload),
    ...localeWarnings(workload),
  ];
}

/**
 * Images are fetched when a node starts: two nodes of one run could have two versions of `latest`.
 */
function* imageWarnings(workload: Workload): Generator<string> {
  for (const image of containerImagesOf(workload)) {
    const tag = tagOf(image);
    if (tag !== undefined && tag !== 'latest') continue;
    yield `container image ${image}: ${tag === undefined ? 'has no tag, which means latest' : 'latest is whatever it is when a node starts'}; name a version or a digest`;
  }
}

/** The digest where there is one; a colon before the last slash is a port and no tag. */
function tagOf(image: string): string | undefined {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return /[@:](.+)$/.exec(name)?.[1];
}

function* nodeWarnings({ pool }: Workload): Generator<string> {
  if (!pool.interNode) return;
  yield 'pool.interNode: nodes that talk to each other must stand close together, so the pool may not reach its size; leave it out unless tasks need it';
}

/**
 * A subnet of one's own mostly comes with storage that refuses everybody outside of it:
 * https://learn.microsoft.com/azure/batch/batch-application-packages and
 * https://learn.microsoft.com/azure/batch/accounts say what Batch then cannot do.
 */
function* networkWarnings({ pool, work }: Workload): Generator<string> {
  if (pool.subnetId === undefined) return;
  const hasPackages =
    pool.packages.length > 0 || templatesOf(work).some(([, { packages }]) => packages.length > 0);
  if (hasPackages) {
    yield 'packages: Batch fetches no application package from a storage account with a firewall, as that of a private network has; bring programs along, or as inputs';
  }
  if (pool.mounts.length > 0) {
    yield 'pool.mounts: Batch mounts no container of a storage account with a firewall, as that of a private network has; let tasks read inputs and write outputs';
  }
}

/** The scripts that bring a locale to a node. */
const INSTALLS_LOCALE = 'install-locale.sh';

function* localeWarnings(workload: Workload): Generator<string> {
  const { pool, prepare, work, locale } = workload;
  if (pool.existing !== undefined || templatesOf(work).every(([, task]) => task.container)) return;
  const programs = [...(pool.setup?.programs ?? []), ...(prepare?.programs ?? [])];
  if (programs.includes(INSTALLS_LOCALE)) return;
  const wanted = new Set([locale, ...templatesOf(work).map(([, task]) => task.locale ?? locale)]);
  wanted.delete('C.UTF-8');
  for (const name of wanted) {
    yield `locale ${name}: is not on every image; let pool.setup run ${INSTALLS_LOCALE} ${name}`;
  }
}
