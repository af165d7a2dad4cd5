import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,agent,collector,tray,test,installers}/**/*.test.ts'],
    // Real servers and real files: a test that hangs is a bug to see, not to wait for.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts', 'collector/appraisal/**/*.ts', 'collector/protocol/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reportsDirectory: 'coverage',
    },
  },
})
