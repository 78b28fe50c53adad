import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Before any worker starts: workers trust the certificate of the tests from their first moment.
    globalSetup: ['test/trust.ts'],
    // One file, one process: @azure/functions keeps the host it found for the life of a process.
    pool: 'forks',
    // Many tests wait for processes; one worker alone would leave a core idle.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
