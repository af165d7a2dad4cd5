import { uptime } from 'node:os'
import type { Config } from '../config.ts'
import { defineCommand, type Noun } from './command.ts'

export const serve: Noun = {
  name: 'serve',
  summary: 'run until stopped; this is what happens without a command',
  about: `SIGTERM and SIGINT stop it. All settings are in docs/operations.md.`,
  verbs: {
    '': defineCommand({
      summary: 'Appraises evidence, answers gateways, and signs attestations, until it is stopped.',
      async run(_given, { config }) {
        await runCollector(config)
        return null
      },
    }),
  },
  examples: `muster-collector serve --config /etc/muster/collector.yaml
muster-collector --data ./muster-data --port 7400`,
}

export const checkConfig: Noun = {
  name: 'check-config',
  summary: 'read the configuration and the files that it names, and start nothing',
  about: 'All problems are listed at once.',
  verbs: {
    '': defineCommand({
      summary: 'Says what is wrong with the settings and with the files that they name.',
      async run(_given, { config }) {
        const { checkFiles } = await import('../collector.ts')
        const { problemLines } = await import('../appraisal/policy-problems.ts')
        const warnings = checkFiles(config)
        const idle = warnings.length === 0 ? '' : `\nOf the policy this has no effect:\n${problemLines(warnings)}`
        return { json: { ok: true, warnings }, text: () => `The configuration is right.${idle}` }
      },
    }),
  },
  examples: 'muster-collector check-config --config /etc/muster/collector.yaml',
}

/** Runs until a signal ends it, and the process with it. */
async function runCollector(config: Config): Promise<void> {
  const { pino } = await import('pino')
  const log = pino({
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
  const { startCollector } = await import('../collector.ts')
  const collector = await startCollector(config, { clock: () => new Date(), uptime, log })
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'collector stopping')
      collector.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping')
          process.exit(1)
        },
      )
    })
  }
}
