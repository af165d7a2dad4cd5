import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { startCollector, type Collector } from '../../collector/collector.ts'
import { readConfig } from '../../collector/config.ts'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'

/** A real collector on a free port, with a folder of its own and a clock that the test holds. */
export type TestCollector = Collector & {
  folder: string
  /** Moves time on: the machine grows older with it. */
  clock: { now: Date }
  /** Sets the clock of the machine, by milliseconds, without any time going by. */
  setClock(milliseconds: number): void
  /** Judges everybody whose moment has come, and waits until it is written. */
  wake(): Promise<void>
  /** Everything it logged, one JSON text a line. */
  logged: string[]
  enrollment(): Promise<string>
  gatewayKey(...scopes: Scope[]): Promise<string>
}

export type TestCollectorOptions = { folder?: string; now?: Date; settings?: Record<string, string> }

export async function testCollector(options: TestCollectorOptions = {}): Promise<TestCollector> {
  const { folder = mkdtempSync(join(tmpdir(), 'muster-')), now = new Date(), settings = {} } = options
  const clock = { now }
  const logged: string[] = []
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => void logged.push(line) })
  const config = readConfig({ data: folder, port: '0', ...settings }, {})
  let wasSet = 0
  const uptime = () => (clock.now.getTime() - wasSet) / 1000
  const collector = await startCollector(config, { clock: () => clock.now, uptime, log })
  return {
    ...collector,
    folder,
    clock,
    logged,
    setClock(milliseconds) {
      wasSet += milliseconds
      clock.now = new Date(clock.now.getTime() + milliseconds)
    },
    async wake() {
      collector.fleet.wake()
      await collector.fleet.settled()
    },
    async enrollment() {
      const token = { uses: 1, lifeSeconds: 3600, tags: [], owner: null }
      return String((await askRunning(config.folder, 'token-create', token))?.enrollment)
    },
    async gatewayKey(...scopes) {
      return String((await askRunning(config.folder, 'gateway-create', { name: 'test', scopes }))?.key)
    },
    async close() {
      await collector.close()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
