import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Type, type Static } from 'typebox'
import { AGENT_FLAGS, bundleAgent } from '../../installers/bundle/agent-bundle.ts'
import { prepareAccess } from '../../installers/quickstart/access.ts'
import { runCommand, startAgent, startCollector } from '../../installers/quickstart/programs.ts'
import { jsonParserOf } from '../../shared/schema.ts'
import { SIGNAL_IDS } from '../../shared/signals.ts'
import { line, ratio } from './measure.ts'

/** Long enough for the agent to have read, reported and come to rest. */
const REST_MS = 8000
/** Looked at for so long, with six looks of the watch in it. */
const WATCHED_MS = 30_000
const WATCH_SECONDS = 5
const LISTS = '/var/lib/apt/lists'

/** What an agent costs the laptop that it runs on, as it is shipped: the bundle, with its flags. */
export async function benchAgent(): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('  what a process costs is read from /proc, which is Linux only')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  try {
    const bundle = join(folder, 'agent')
    await bundleAgent(bundle, [{ in: 'test/bench/collection.ts', out: 'collection' }])
    await benchReading(join(bundle, 'collection.js'))
    await benchRest(folder, join(bundle, 'main.js'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const Cost = Type.Object({
  what: Type.String(),
  /** Milliseconds of CPU of the agent itself. */
  own: Type.Number(),
  /** Milliseconds of CPU of the programs that it started. */
  programs: Type.Number(),
  wall: Type.Number(),
  started: Type.Number(),
})
type Cost = Static<typeof Cost>
const parseCost = jsonParserOf(Cost)

async function benchReading(script: string): Promise<void> {
  const costs = new Map<string, Cost>()
  for (const json of (await runCommand([...AGENT_FLAGS, script])).split('\n')) {
    const cost = parseCost(json)
    if (!cost.ok) throw new Error(`${script} printed ${json}: ${cost.problem}`)
    costs.set(cost.value.what, cost.value)
  }
  const show = (what: string, name: string, budget = '') => {
    const cost = costs.get(name)
    if (cost) line(what, millis(cost.own + cost.programs), `${inDetail(cost)}${budget}`)
  }
  const budget = '; budget: 100 ms, 5 programs'
  show('one full collection, the first', 'first', budget)
  show('one full collection, a later one', 'later', budget)
  for (const id of SIGNAL_IDS) show(`  of which ${id}`, id)

  const look = costs.get('look')
  if (look) {
    line('one look of the watch', millis(look.own + look.programs), inDetail(look))
    const share = (look.own + look.programs) / (WATCH_SECONDS * 10)
    line(`  share of one core, every ${WATCH_SECONDS} s`, `${share.toFixed(4)} %`, 'budget: at most 0.1 %')
  }
  if (hasPackageLists()) {
    show('missing updates, when lists have changed', 'updates')
    show('  once the lists are read', 'updates of lists that were read', '; budget: at most 20 ms')
  } else line('missing updates', 'not here', 'apt has no package lists; "apt-get update" fetches them')
}

function hasPackageLists(): boolean {
  try {
    return readdirSync(LISTS).some((name) => name.includes('_Packages'))
  } catch {
    return false
  }
}

const millis = (ms: number): string => `${ms.toFixed(ms < 1 ? 3 : 1)} ms`

function inDetail({ own, programs, wall, started }: Cost): string {
  const others = started > 0 ? `${programs.toFixed(0)} ms of ${Number(started.toFixed(1))} programs, ` : ''
  return `${own.toFixed(own < 1 ? 3 : 1)} ms of its own, ${others}${wall.toFixed(wall < 1 ? 3 : 1)} ms by the clock`
}

async function benchRest(folder: string, main: string): Promise<void> {
  const collector = await startCollector(folder, '0')
  const { enrollment } = await prepareAccess(folder, collector.url)
  const agent = await startAgent(folder, enrollment, collector.url, { flags: AGENT_FLAGS, main })
  const bare = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 2 ** 30)'], { stdio: 'ignore' })
  try {
    await agent.firstStanding()
    await pause(REST_MS)
    const [ours, theirs] = [memoryOf(agent.pid), memoryOf(bare.pid)]
    const before = ticksOf(agent.pid)
    await pause(WATCHED_MS)
    const busy = ticksOf(agent.pid) - before

    line('a Node that only waits: private, resident', inMegabytes(theirs))
    line('the agent at rest, connected', inMegabytes(ours))
    line('  private, ratio', ratio(ours.anonymous / theirs.anonymous), 'budget: at most 2')
    line('  resident, ratio', ratio(ours.resident / theirs.resident), 'budget: at most 1.5')
    line(`  CPU in ${WATCHED_MS / 1000} s, the watch with it`, `${busy * 10} ms`, 'in steps of 10 ms')
  } finally {
    bare.kill()
    await agent.stop()
    await collector.stop()
  }
}

type Memory = { anonymous: number; resident: number }

/** In KiB. Anonymous memory is what only this process has; code is shared with every other Node. */
function memoryOf(pid: number | undefined): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1])
  return { anonymous: field('Anonymous'), resident: field('Rss') }
}

const inMegabytes = ({ anonymous, resident }: Memory): string =>
  `${(anonymous / 1024).toFixed(1)}, ${(resident / 1024).toFixed(1)} MB`

/** CPU of a process and of the programs that it started, in hundredths of a second. */
function ticksOf(pid: number | undefined): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  return after
    .split(' ')
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0)
}
