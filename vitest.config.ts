import { defineConfig } from 'vitest/config';

/** Tests with VMs measure time: they run one file after the other, and never beside another project. */
const alone = { maxWorkers: 1, fileParallelism: false, testTimeout: 180_000, hookTimeout: 300_000 };

/**
 * `fast` answers in seconds and needs nothing but Node; `contract` starts single emulators, real Packer and real VMs;
 * `machine` runs against a whole deployed stack: `inject('localStack')`, see test/support/local-stack.ts.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          // Pure tests leave nothing behind, and loading the CDK anew for each file took three quarters of the time.
          isolate: false,
          pool: 'threads',
          // Some wait for processes: three at a time keep two cores busy (23 s with one, 11 s with three).
          maxWorkers: 3,
          // Properties try hundreds of cases; a busy machine takes its time.
          testTimeout: 30_000,
          include: [
            'test/{unit,infra}/**/*.test.ts',
            'test/contract/pure/**/*.test.ts',
            'test/faults/simulation.test.ts',
          ],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/{standins,store}/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          ...alone,
        },
      },
      {
        test: {
          name: 'machine',
          include: [
            'test/integration/**/*.test.ts',
            'test/faults/local/**/*.test.ts',
            'test/e2e/**/*.test.ts',
          ],
          globalSetup: 'test/support/vitest-stack.ts',
          sequence: { groupOrder: 2 },
          ...alone,
        },
      },
    ],
  },
});
