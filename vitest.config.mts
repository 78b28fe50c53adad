import { defineConfig } from 'vitest/config';
import { certificateOfTests } from './test/certificate';

export default defineConfig(async () => {
  const { certFile } = await certificateOfTests();
  // oxlint-disable-next-line eslint/no-restricted-properties -- read by Node when a worker starts
  process.env['NODE_EXTRA_CA_CERTS'] = certFile;

  return {
    test: {
      include: ['test/**/*.test.ts'],
      // One file, one process: @azure/functions keeps the host it found for the life of a process.
      pool: 'forks' as const,
      testTimeout: 20_000,
      hookTimeout: 30_000,
    },
  };
});
