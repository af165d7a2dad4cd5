import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { startCollector, type Collector } from '../../collector/collector.ts'
import { readConfig } from '../../collector/config.ts'
import { askRunning } from '../../collector/control.ts'

/** A real collector on a free port, with a folder of its own and a clock that the test holds. */
export type TestCollector = Collector & {
  folder: string
  clock: { now: Date }
  /** Everything it logged, one JSON text a line. */
  logged: string[]
  enrollment(): Promise<string>
  gatewayKey(...scopes: ('decide' | 'vouch')[]): Promise<string>
}

export type TestCollectorOptions = { folder?: string; now?: Date; settings?: Record<string, string> }

export async function testCollector(options: TestCollectorOptions = {}): Promise<TestCollector> {
  const { folder = mkdtempSync(join(tmpdir(), 'muster-')), now = new Date(), settings = {} } = options
  const clock = { now }
  const logged: string[] = []
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => void logged.push(line) })
  const config = readConfig({ data: folder, port: '0', ...settings }, {})
  const collector = await startCollector(config, { clock: () => clock.now, log })
  return {
    ...collector,
    folder,
    clock,
    logged,
    async enrollment() {
      const token = { uses: 1, lifeSeconds: 3600, tags: [], owner: null }
      return String((await askRunning(config.folder, 'token-create', token))?.['enrollment'])
    },
    async gatewayKey(...scopes) {
      return String((await askRunning(config.folder, 'gateway-create', { name: 'test', scopes }))?.['key'])
    },
    async close() {
      await collector.close()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
