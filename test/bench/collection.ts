// Reads this machine as an agent does, a few times, and prints what each reading cost: one JSON text a line.
import { readFileSync } from 'node:fs'
import { collect } from '../../agent/collect.ts'
import type { Host } from '../../agent/host/host.ts'
import { thisMachine } from '../../agent/this-machine.ts'
import { openWatches } from '../../agent/watch.ts'
import { SIGNAL_IDS, type SignalId } from '../../shared/signals.ts'

const LATER = 20
const LOOKS = 500
/** USER_HZ, in which the kernel tells times of processes, is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10

const { host, probes, watches, runner } = thisMachine()

/** Milliseconds of CPU of this process, and of the programs that it started and that ended. */
function cpu(): { own: number; programs: number } {
  const { user, system } = process.cpuUsage()
  const [, after = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ')
  const [children = 0, childrenSystem = 0] = after.split(' ').slice(13, 15).map(Number)
  return { own: (user + system) / 1000, programs: (children + childrenSystem) * MS_PER_TICK }
}

async function measure(what: string, times: number, work: () => Promise<unknown>): Promise<void> {
  const [before, started, began] = [cpu(), runner.started(), performance.now()]
  for (let n = 0; n < times; n++) await work()
  const [after, wall] = [cpu(), performance.now() - began]
  const each = (total: number) => total / times
  const cost = { own: each(after.own - before.own), programs: each(after.programs - before.programs) }
  console.log(JSON.stringify({ what, ...cost, wall: each(wall), started: each(runner.started() - started) }))
}

const read = (signals: readonly SignalId[]) => () => collect(host, probes, signals)

await measure('first', 1, read(SIGNAL_IDS))
await measure('later', LATER, read(SIGNAL_IDS))
for (const id of SIGNAL_IDS) await measure(id, LATER, read([id]))

const look = openWatches(host, watches)
await look()
await measure('look', LOOKS, look)

// What counts the missing updates remembers its answer, so each time one is asked that knows nothing yet.
const countUpdates = (of: Host) => () => collect(of, thisMachine().probes, ['os-updates'])
await measure('updates', LATER, countUpdates(host))
const kept = keeping(host)
await countUpdates(kept)()
await measure('updates of lists that were read', LATER, countUpdates(kept))

/** A host that asks each thing once and then has it at hand: what is left is the work with what was read. */
function keeping(machine: Host): Host {
  const answers = new Map<string, Promise<unknown>>()
  const once =
    <A extends unknown[], R>(name: string, ask: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      const key = JSON.stringify([name, ...args])
      const answer = answers.get(key) ?? ask(...args)
      answers.set(key, answer)
      // The answer to the same question of the same function.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return answer as Promise<R>
    }
  const itself: Host = {
    ...machine,
    run: once('run', machine.run),
    readFile: once('file', machine.readFile),
    readDirectory: once('folder', machine.readDirectory),
    stat: once('stat', machine.stat),
    forReading: () => itself,
  }
  return itself
}
