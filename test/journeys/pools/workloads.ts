import { defineWorkload } from '../../../src/workload/workload';
import { IMAGE } from '../../container-image';

/** Workloads that differ in their nodes: what these bring along, and whose they are. */

/** Reads from everywhere that a node can have data from, and writes to a mount and to a result. */
const gather = defineWorkload({
  name: 'gather',
  description: 'One line from each place that a node has data in',
  deadlineMinutes: 60,
  pool: {
    mounts: [
      { of: 'outputs', at: 'out' },
      { of: { container: 'atlas' }, at: 'atlas' },
    ],
    packages: [{ application: 'fit', version: '2.0' }],
    setup: {
      command: '/bin/sh -c "echo set up > $AZ_BATCH_NODE_SHARED_DIR/setup.txt"',
      elevated: false,
    },
  },
  shared: [{ container: 'models', prefix: 'v2/', to: 'models' }],
  prepare: { command: '/bin/sh -c "echo prepared > prepared.txt"' },
  release: { command: '/bin/sh -c "rm $AZ_BATCH_NODE_SHARED_DIR/setup.txt"' },
  work: {
    kind: 'whole',
    jobManager: {
      command: [
        "/bin/sh -ec 'mkdir outputs",
        'cat "$AZ_BATCH_NODE_SHARED_DIR/setup.txt" "$AZ_BATCH_JOB_PREP_WORKING_DIR/prepared.txt" > outputs/all.txt',
        'cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/models/v2/weights.txt" >> outputs/all.txt',
        'cat "$AZ_BATCH_NODE_MOUNTS_DIR/atlas/world.txt" >> outputs/all.txt',
        '"$AZ_BATCH_APP_PACKAGE_fit_2_0/fit" >> outputs/all.txt',
        'echo by way of the mount > "$AZ_BATCH_NODE_MOUNTS_DIR/out/mounted.txt"\'',
      ].join(' && '),
      outputs: [{ files: 'outputs/all.txt', to: 'results' }],
      retries: 0,
    },
  },
  results: ['all.txt'],
});

/** Its pool is still there, empty, when it is run again. */
const kept = defineWorkload({
  name: 'kept',
  description: 'Says which run its start task was for',
  deadlineMinutes: 60,
  pool: {
    keep: { days: 30 },
    setup: {
      command: '/bin/sh -c "cp word.txt $AZ_BATCH_NODE_SHARED_DIR"',
      programs: ['word.txt'],
      elevated: false,
    },
  },
  work: {
    kind: 'whole',
    jobManager: { command: '/bin/sh -c "cat $AZ_BATCH_NODE_SHARED_DIR/word.txt"', retries: 0 },
  },
});

const guest = defineWorkload({
  name: 'guest',
  description: 'Runs in a pool that somebody else made',
  deadlineMinutes: 60,
  pool: { existing: 'shared-pool' },
  work: { kind: 'whole', jobManager: { command: 'echo a guest', retries: 0 } },
});

/** Its inputs are encrypted before they are uploaded. */
const sealed = defineWorkload({
  name: 'sealed',
  description: 'Opens its inputs on the node alone',
  deadlineMinutes: 60,
  inputs: { container: 'sealed-in' },
  pool: {},
  work: {
    kind: 'whole',
    jobManager: {
      command:
        '/bin/sh decrypt-inputs.sh secrets/inputs-key -- /bin/sh -ec "mkdir outputs && cat inputs/* > outputs/all.txt"',
      programs: ['decrypt-inputs.sh'],
      secrets: ['inputs-key'],
      outputs: [{ files: 'outputs/all.txt', to: 'results' }],
      retries: 0,
    },
  },
  results: ['all.txt'],
});

/** Every task is a container of the tests' own image; none has a program of ours. */
const boxed = defineWorkload({
  name: 'boxed',
  description: 'A sweep and its merge, in containers',
  deadlineMinutes: 60,
  pool: { slotsPerNode: 2 },
  work: {
    kind: 'sweep',
    over: { N: { from: 1, to: 3 } },
    task: {
      command:
        '/bin/sh -ec \'mkdir outputs && test -s secrets/inputs-key && echo "$N $WHOSE $FROM_IMAGE" > outputs/$N.txt\'',
      container: { image: IMAGE, runOptions: '--env WHOSE=mine' },
      secrets: ['inputs-key'],
      outputs: [{ files: 'outputs/*.txt', to: 'parts' }],
      retries: 0,
    },
    merge: {
      command: "/bin/sh -ec 'mkdir outputs && cat parts/*.txt > outputs/all.txt'",
      container: { image: IMAGE },
      reads: ['parts'],
      outputs: [{ files: 'outputs/all.txt', to: 'results' }],
      retries: 0,
    },
  },
  results: ['all.txt'],
});

const unready = defineWorkload({
  name: 'unready',
  description: 'Its preparation fails on every node',
  deadlineMinutes: 60,
  pool: {},
  prepare: { command: "/bin/sh -ec 'echo the licence server is away >&2 && false'", retries: 0 },
  work: { kind: 'whole', jobManager: { command: 'echo never', retries: 0 } },
});

const homeless = defineWorkload({
  name: 'homeless',
  description: 'The pool that it wants is not there',
  deadlineMinutes: 60,
  pool: { existing: 'nowhere' },
  work: { kind: 'whole', jobManager: { command: 'echo never', retries: 0 } },
});

const unversioned = defineWorkload({
  name: 'unversioned',
  description: 'Takes whichever version of its package is the default',
  deadlineMinutes: 60,
  pool: { packages: [{ application: 'bend' }] },
  work: { kind: 'whole', jobManager: { command: 'echo never', retries: 0 } },
});

export const workloads = [gather, kept, guest, sealed, boxed, unready, homeless, unversioned];
