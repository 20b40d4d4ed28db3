// Scenarios on a whole mesh: real processes, one file at a time. The long ones run by `npm run test:long` only.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    fileParallelism: false,
    // As in vitest.all.config.ts.
    retry: 1,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    projects: [
      { extends: true, test: { name: 'scenarios', include: ['scenarios/**/*.test.ts'] } },
      { extends: true, test: { name: 'long', include: ['long/**/*.test.ts'] } },
    ],
  },
});
