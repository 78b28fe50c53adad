import { costOf } from '../prices';
import { packagesOf } from '../programs';
import { templatesOf } from '../work-schema';
import { containerImagesOf, type Workload } from '../workload';

/** The warnings of a plan: what is valid and may surprise, each with its field and a better choice. */
export function warningsOf(workload: Workload): readonly string[] {
  return [
    ...imageWarnings(workload),
    ...nodeWarnings(workload),
    ...networkWarnings(workload),
    ...localeWarnings(workload),
    ...budgetWarnings(workload),
  ];
}

/** A budget that bounds nothing, and one that no run fits into. */
function* budgetWarnings({ budget, pool, deadlineMinutes }: Workload): Generator<string> {
  if (budget === undefined) return;
  if (pool.existing !== undefined) {
    yield 'budget: runs on an existing pool have no cost, so the budget bounds nothing';
    return;
  }
  const price = pool.pricePerNodeHour ?? null;
  const isDedicated = pool.dedicatedAfterMinutes !== undefined;
  const most = costOf(
    {
      nodeMinutes: pool.maxNodes * deadlineMinutes,
      dedicatedMinutes: (isDedicated ? pool.maxNodes : pool.dedicatedNodes) * deadlineMinutes,
    },
    price,
  );
  if (most === null) {
    const size = pool.vmSize ?? 'the default VM size';
    yield `budget: ${size} has no price, so the budget bounds nothing; set pool.pricePerNodeHour or NODE_PRICES`;
  } else if (most > budget.perMonth) {
    yield `budget: one run may take ${most.toFixed(2)}, more than the ${budget.perMonth} of a month, so none starts; lower pool.maxNodes or deadlineMinutes, or raise budget.perMonth`;
  }
}

/**
 * Images are fetched when a node starts: two nodes of one run could have two versions of `latest`.
 */
function* imageWarnings(workload: Workload): Generator<string> {
  for (const image of containerImagesOf(workload)) {
    const tag = tagOf(image);
    if (tag !== undefined && tag !== 'latest') continue;
    yield `container image ${image}: ${tag === undefined ? 'has no tag, which means latest' : 'latest is resolved when each node starts'}; name a version or a digest`;
  }
}

/** The digest, or else the tag; a colon before the last slash is that of a port. */
function tagOf(image: string): string | undefined {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return /[@:](.+)$/.exec(name)?.[1];
}

function* nodeWarnings({ pool }: Workload): Generator<string> {
  if (!pool.interNode) return;
  yield 'pool.interNode: nodes that communicate with each other are placed close together, so the pool may not reach its size; leave it out unless tasks need it';
}

/**
 * Features that Batch cannot provide with a private network, whose storage account usually rejects
 * requests from outside: https://learn.microsoft.com/azure/batch/batch-application-packages and
 * https://learn.microsoft.com/azure/batch/accounts.
 */
function* networkWarnings({ pool, work }: Workload): Generator<string> {
  if (pool.subnetId === undefined) return;
  if (packagesOf({ pool, work }).length > 0) {
    yield 'packages: Batch downloads no application package from a storage account with a firewall, as in a private network; where the account reads its storage with an identity, as azd up makes it, the app delivers them itself';
  }
  if (pool.mounts.length > 0) {
    yield 'pool.mounts: Batch mounts no container of a storage account with a firewall, as in a private network; let tasks read inputs and write outputs';
  }
}

/** The script that installs a locale on a node. */
const INSTALLS_LOCALE = 'install-locale.sh';

function* localeWarnings(workload: Workload): Generator<string> {
  const { pool, prepare, work, locale } = workload;
  if (pool.existing !== undefined || templatesOf(work).every(([, task]) => task.container)) return;
  const programs = [...(pool.setup?.programs ?? []), ...(prepare?.programs ?? [])];
  if (programs.includes(INSTALLS_LOCALE)) return;
  const wanted = new Set([locale, ...templatesOf(work).map(([, task]) => task.locale ?? locale)]);
  wanted.delete('C.UTF-8');
  for (const name of wanted) {
    yield `locale ${name}: not every image has it; let pool.setup run ${INSTALLS_LOCALE} ${name}`;
  }
}
