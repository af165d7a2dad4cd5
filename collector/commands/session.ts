import { readFileSync } from 'node:fs'
import { uptime, userInfo } from 'node:os'
import type { TSchema } from 'typebox'
import { parserOf } from '../../shared/schema.ts'
import { ACTS, type ActAnswer, type ActInput, type ActName, type Acts, type ActsAs } from '../acts/all.ts'
import type { Config } from '../config.ts'
import { askRunning } from '../control-client.ts'
import type { Terminal } from '../print.ts'
import { UsageError, type Session } from './command.ts'
import { databaseOf } from './database.ts'

/** How long somebody waits without a word. */
const PATIENCE_MS = 2000

/** What a command works with: its acts are done by the collector that runs on the data folder, else on the folder itself. */
export function openSession(config: Config, terminal: Terminal, patienceMs = PATIENCE_MS): Session {
  let isRunning = false
  const user = userName()

  const ask: Acts = async <Name extends ActName>(name: Name, input: ActInput<Name>): Promise<ActAnswer<Name>> => {
    const schema: TSchema = ACTS[name].input
    const parsed = parserOf(schema)(input)
    if (!parsed.ok) throw new UsageError(parsed.problem)
    const answer = await askRunning(config.folder, name, input, user)
    isRunning = answer !== null
    return answer ?? onFolder(config, (actsAs) => actsAs(`user ${user}`)(name, input))
  }

  return {
    config,
    ask: (name, input) => withPatience(ask(name, input), terminal, patienceMs),
    isRunning: () => isRunning,
    terminal,
    user,
    now: () => new Date(),
    patienceMs,
    readFile(path) {
      try {
        return readFileSync(path, 'utf8')
      } catch (error) {
        throw new Error(`${path} cannot be read`, { cause: error })
      }
    },
  }
}

async function onFolder<T>(config: Config, run: (actsAs: ActsAs) => Promise<T>): Promise<T> {
  databaseOf(config)
  // Loaded where they are needed: whoever asks a collector that runs does not wait for all of it.
  const { actOnStopped } = await import('../collector.ts')
  const { pino } = await import('pino')
  return actOnStopped(config, { clock: () => new Date(), uptime, log: pino({ level: 'silent' }) }, run)
}

/** Whoever waits for long sees that something goes on, and for how long it has. */
async function withPatience<T>(waiting: Promise<T>, terminal: Terminal, patienceMs: number): Promise<T> {
  const began = performance.now()
  const tell = () => terminal.progress(`still at it, for ${Math.round((performance.now() - began) / 1000)} s`)
  let everySecond: NodeJS.Timeout | undefined
  const first = setTimeout(() => {
    tell()
    everySecond = setInterval(tell, 1000)
  }, patienceMs)
  try {
    return await waiting
  } finally {
    clearTimeout(first)
    clearInterval(everySecond)
    if (everySecond) terminal.progress(null)
  }
}

/** Who is logged in; a user without an entry of the system has a number all the same. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
