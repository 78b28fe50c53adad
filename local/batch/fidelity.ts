import { routes } from './routes';

/** `same`: as documented or as recorded. `like`: the same for a client, by other means. */
type Fidelity = 'same' | 'like' | 'stored' | 'no';

interface FidelityRow {
  readonly part: string;
  readonly how: Fidelity;
  readonly remarks?: string;
  /** Matches the operations of the part, written as `POST pools/{poolId}/resize`. */
  readonly operations?: RegExp;
}

/**
 * The parts of the service, and how closely each is imitated: the table of the README. A test holds
 * it to routes.ts: every operation belongs to one row.
 */
export const fidelity: readonly FidelityRow[] = [
  {
    part: 'Shared Key, Entra tokens',
    how: 'same',
    remarks:
      'audience, expiry, issuer; the signature by a function of the caller. Roles are not checked',
  },
  {
    part: 'headers, ETags, conditions, error bodies, list paging, `$filter`, `$select`',
    how: 'same',
    remarks: '`$expand=stats` is accepted and adds nothing',
  },
  {
    part: 'pools: add, get, list, patch, update, delete, resize, stop, remove nodes',
    how: 'same',
    remarks: 'durations are in `timings.ts`, seconds instead of minutes',
    operations: /^\w+ pools(\/\{poolId\}(\/(updateproperties|resize|stopresize|removenodes))?)?$/,
  },
  {
    part: 'quotas, missing capacity, resize errors',
    how: 'same',
    remarks: 'set through `/_local`; `RemoveNodesFailed` never happens',
  },
  {
    part: 'autoscale: formula, schedule, samples, evaluation',
    how: 'same',
    remarks:
      'samples are kept for a day, also over restarts; while the stand-in is stopped there are none',
    operations: /autoscale$/,
  },
  {
    part: 'nodes: all states, start tasks, reboot, scheduling, counts',
    how: 'same',
    remarks: '`unknown` is never entered; `reimage` works on every node',
    operations: /^GET nodecounts$|\/nodes(\/\{nodeId\}(\/(reboot|reimage|\w+scheduling))?)?$/,
  },
  {
    part: 'Spot eviction and return',
    how: 'like',
    remarks: "on demand or at a rate; the node's directory is deleted",
  },
  {
    part: 'jobs: all operations, manager, preparation, release, constraints, auto-pools',
    how: 'same',
    remarks:
      'a running task is never preempted for a job manager or a higher priority: `allowTaskPreemption: true` replies 501',
    operations:
      /^\w+ jobs(\/\{jobId\}(\/(terminate|disable|enable|taskcounts|jobpreparation\w+))?)?$/,
  },
  { part: 'job schedules', how: 'same', operations: /^\w+ jobschedules/ },
  {
    part: 'tasks: all operations, dependencies, exit conditions, retries, slots, spread and pack',
    how: 'same',
    remarks: 'multi-instance tasks: no',
    operations:
      /\/addtaskcollection$|\/tasks(\/\{taskId\}(\/(terminate|reactivate|subtasksinfo))?)?$/,
  },
  {
    part: 'directories, environment, command lines, resource files, output files, file API',
    how: 'same',
    remarks: 'on Linux and macOS; `identityReference` and `authenticationTokenSettings` reply 501',
    operations: /\/files(\/\{filePath\})?$/,
  },
  {
    part: 'wall-clock limits, retention',
    how: 'same',
    remarks: "by the stand-in's clock; processes take real time",
  },
  {
    part: 'container tasks, prefetch, registries',
    how: 'like',
    remarks:
      '`docker` or `podman` of this machine, tested with Podman 4.3 and a private registry; an image that exists on this machine only is used; without a running engine the task fails with `ContainerRuntimeNotFound`',
  },
  {
    part: 'application packages',
    how: 'like',
    remarks:
      'uploaded through `/_local` instead of the management plane; downloaded with the keys of the linked storage account, see `--auto-storage-mode`. In the local environment archives are in its storage too, under the address that the management plane gives',
    operations: /^GET applications/,
  },
  {
    part: 'the management plane',
    how: 'same',
    remarks:
      'four reads of version `2024-07-01`: the account with its quotas, an application with its default version, an application package with the address of its archive, the VM sizes of a region; with tokens only, for the audience of Resource Manager. Other operations: no',
  },
  {
    part: 'blob mounts',
    how: 'like',
    remarks:
      'a folder that is synchronised when a node comes up and around each task, with the permissions that `-o allow_other -o umask=` give; NFS, CIFS and file shares make the node unusable',
  },
  {
    part: 'users of nodes, remote login',
    how: 'like',
    remarks: 'stored by name; nobody can log in',
    operations: /\/users|\/remoteloginsettings$/,
  },
  {
    part: 'usage metrics',
    how: 'same',
    remarks: 'by half hours, thirty days',
    operations: /poolusagemetrics$/,
  },
  {
    part: 'service logs',
    how: 'like',
    remarks: "one file, with the service's data of the node",
    operations: /\/uploadbatchservicelogs$/,
  },
  {
    part: 'supported images',
    how: 'like',
    remarks:
      "a short list with the images of the version's time; a pool with another marketplace image, or with a node agent that the image does not have, is refused. The node is always this machine",
    operations: /supportedimages$/,
  },
  {
    part: 'VM sizes',
    how: 'like',
    remarks:
      'one list for every region, with the end of support of retiring series; a pool with another size is refused. `PUT /_local/sizes` adds names',
  },
  {
    part: 'certificates, remote desktop files, lifetime statistics',
    how: 'no',
    remarks: 'retired in Azure',
    operations: /certificates$|\/rdp$|lifetime\w+stats$/,
  },
  {
    part: 'virtual networks, identities, extensions, disks, user accounts',
    how: 'stored',
    remarks: 'returned unchanged, without effect',
    operations: /\/extensions$/,
  },
];

/** The operations of a row: `POST pools/{poolId}/resize`. */
export function operationsOf({ operations }: FidelityRow): readonly string[] {
  if (operations === undefined) return [];
  return routes
    .map(({ verb, path }) => `${verb} ${path}`)
    .filter((operation) => operations.test(operation));
}

/** The table of the README, as lines of Markdown. */
export function fidelityTable(): readonly string[] {
  return [
    '| part | operations | how | remarks |',
    '| --- | --- | --- | --- |',
    ...fidelity.map((row) => {
      const count = operationsOf(row).length;
      return `| ${row.part} | ${count === 0 ? '–' : count} | ${row.how} | ${row.remarks ?? ''} |`;
    }),
  ];
}
