import { globSync } from 'tinyglobby';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Tests that start no process, no server but their own on loopback, and need no build: what `npm run test:unit` and
 * `npm run test:watch` run. All the others are in the project `system`, also the slow ones below: they
 * play many runs on the engine of the Functions host, or run the compiler.
 */
const unitTests = globSync(
  [
    'test/*.test.ts',
    'test/{api,client,ledger,notify,rehearse,run,triggers,workload}/**/*.test.ts',
    'test/workloads/nightly-report/{cells,panels,scale,statistics,table}.test.ts',
    'test/local/command-line.test.ts',
    'test/local/cli/{samples,text,welcome}.test.ts',
    'test/local/batch/autoscale/*.test.ts',
    'test/local/batch/{command-line,file-pattern,moment-text,query}.test.ts',
    'test/local/batch/{state/agenda,wire/time}.test.ts',
    'test/local/functions/{log,metadata,time-span}.test.ts',
    'test/local/functions/durable/{pages,state}.test.ts',
    'test/local/functions/triggers/ncrontab.test.ts',
  ],
  {
    cwd: import.meta.dirname,
    ignore: [
      'test/{package,start-failure}.test.ts',
      // It loads the app twice.
      'test/ledger/zone-rules.test.ts',
      'test/local/batch/autoscale/random-formulas.test.ts',
      'test/run/{last-steps,quorum,repeating,shapes,submit/proof}.test.ts',
      'test/rehearse/{kinds-of-work,passes,rehearsal}.test.ts',
      'test/triggers/follow.test.ts',
      'test/workload/compiler-messages.test.ts',
    ],
  },
);

/** Files of minutes, the longest first. One of them that began last would run alone at the end. */
const LONGEST = [
  'real-engine/workflow',
  'local/functions/crash',
  'journeys/schedules',
  'journeys/schedule',
  'journeys/roles',
  'simulation/simulation',
  'simulation/worlds-after-1000',
  'infra/package',
  'infra/compiler',
  'workloads/shared/python-env',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found === -1 ? LONGEST.length : found;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    // One file, one process: @azure/functions keeps the host it found for the life of a process.
    pool: 'forks',
    // Many tests wait for processes and for time to pass: one worker more than two cores keeps both busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      // They share no state, and loading the modules once for all files takes most of the time away.
      { extends: true, test: { name: 'unit', include: unitTests, isolate: false } },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: unitTests,
          // In the process that starts the workers: they need a current build, and trust the
          // certificate of the tests from their start.
          globalSetup: ['test/build.ts', 'test/trust.ts'],
        },
      },
    ],
  },
});
