import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,agent,collector,tray,test,installers}/**/*.test.ts'],
    // Real servers and real files: a test that hangs is a bug to see, not to wait for.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // Nothing is mocked and no module keeps state, so files share their worker: a third less time.
    isolate: false,
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts', 'collector/appraisal/**/*.ts', 'collector/protocol/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reportsDirectory: 'coverage',
    },
  },
})
