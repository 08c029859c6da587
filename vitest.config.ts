import { defineConfig } from 'vitest/config';

/** `fast` answers in seconds and needs nothing but Node; `machine` starts emulators, real Packer and real VMs. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/unit/**/*.test.ts', 'test/infra/**/*.test.ts', 'test/contract/pure/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'machine',
          include: [
            'test/contract/{standins,store}/**/*.test.ts',
            'test/integration/**/*.test.ts',
            'test/e2e/**/*.test.ts',
          ],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
