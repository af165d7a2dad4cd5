import { unreadable, value, type Fact, type NoValue } from '../../shared/fact.ts'
import type { Host, Unread } from '../host/host.ts'
import { unreadableBecause } from './probe.ts'
import { askUnits } from './systemctl.ts'

/** Where systemd keeps the control groups of its services: cgroup v2, then v1 and the mixed layout. */
const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd'] as const

/** What is below these belongs to users and containers, who may name their groups as they like. */
const FOREIGN = ['user.slice', 'machine.slice'] as const

const MOST_PROCESSES = 64

/**
 * The folders in which the system's services have theirs. A process cannot get into one by its name: only systemd,
 * as root, puts it there. That is why nothing here looks for process names in all of /proc, and it costs three reads.
 */
export async function readSlices(host: Host): Promise<Fact<string[]>> {
  for (const root of ROOTS) {
    const folder = await host.readDirectory(root)
    if (!folder.ok || !folder.names.includes('system.slice')) continue
    const slices = folder.names.filter((name) => name.endsWith('.slice') && !FOREIGN.some((other) => other === name))
    return value(slices.map((name) => `${root}/${name}`))
  }
  return unreadable('the services of this system cannot be seen (no systemd, or a container)')
}

/** A service: the names of its unit in different distributions or versions, and of the processes that do its work. */
export type Service = { units: readonly string[]; processes: readonly string[] }

/** Whether a service runs, under any of its names. */
export async function readRunning(
  host: Host,
  { units, processes }: Service,
  slices: Fact<string[]>,
): Promise<Fact<boolean>> {
  if (slices.kind !== 'value') return askRunning(host, units, slices)
  const all = await Promise.all(units.map((unit) => readServiceProcesses(host, slices.value, unit, processes)))
  if (all.some((it) => it.kind === 'value' && it.value.length > 0)) return value(true)
  return all.find((it) => it.kind !== 'value') ?? value(false)
}

/**
 * The living processes of a service that have one of the given names; none if the service does not run. A service
 * that runs, but without any process of those names, is unreadable: a new version may have renamed them.
 */
export async function readServiceProcesses(
  host: Host,
  slices: readonly string[],
  unit: string,
  names: readonly string[],
): Promise<Fact<number[]>> {
  const members = await readMembers(host, slices, unit)
  if (members.kind !== 'value') return members
  const statuses = await Promise.all(
    members.value
      .slice(0, MOST_PROCESSES)
      .map(async (pid) => ({ pid, file: await host.readFile(`/proc/${pid}/status`) })),
  )
  const seen = statuses.flatMap(({ pid, file }) => (file.ok ? [{ pid, ...readStatus(file.text) }] : []))
  const ours = seen.filter(({ name }) => names.some((it) => it.slice(0, COMM_CHARS) === name))
  if (ours.length > 0) return value(ours.filter(({ isAlive }) => isAlive).map(({ pid }) => pid))
  const [hidden] = statuses.flatMap(({ file }) => (file.ok || file.reason === 'missing' ? [] : [file]))
  if (hidden) return unreadableBecause(hidden)
  return seen.length === 0 ? value([]) : unreadable(`${unit} runs, but none of its processes is ${names.join(' or ')}`)
}

/**
 * Whether one of the services runs, as systemd's manager says, where control groups cannot be seen. It knows a unit, and
 * not whose processes are in it, so this is the weaker answer; `unseen` is why there is no better one.
 */
export async function askRunning(host: Host, units: readonly string[], unseen: NoValue): Promise<Fact<boolean>> {
  const asked = await askUnits(host, units)
  if (asked.kind !== 'value') return unseen
  if (asked.value.some(({ isRunning }) => isRunning === true)) return value(true)
  const isToldOfAll = asked.value.length > 0 && asked.value.every(({ isRunning }) => isRunning === false)
  return isToldOfAll ? value(false) : unseen
}

/** The kernel cuts the name of a process (TASK_COMM_LEN, proc_pid_comm(5)). */
const COMM_CHARS = 15

/** Reads /proc/PID/status. One that is stopped, dead or a zombie protects nobody. */
export function readStatus(text: string): { name: string; isAlive: boolean } {
  const [, name = ''] = /^Name:\t(.*)$/m.exec(text) ?? []
  const [, state = ''] = /^State:\t(\S)/m.exec(text) ?? []
  return { name, isAlive: /^[RSDI]$/.test(state) }
}

async function readMembers(host: Host, slices: readonly string[], unit: string): Promise<Fact<number[]>> {
  for (const slice of slices) {
    const group = `${slice}/${unit}`
    const file = await host.readFile(`${group}/cgroup.procs`)
    if (!file.ok && file.reason === 'missing') continue
    if (!file.ok) return unreadableBecause(file)
    const members = readPids(file.text)
    if (members.length > 0) return value(members)
    const below = await readBelow(host, group)
    return below.ok ? value(below.members) : unreadableBecause(below)
  }
  return value([])
}

/** The files that the kernel puts into every group. */
const KERNEL_FILE =
  /^(?:cgroup|cpu|cpuset|cpuacct|memory|io|pids|hugetlb|misc|rdma|irq|dmem)\.|^(?:tasks|notify_on_release)$/

/** A service with groups of its own keeps all its processes in those (cgroups(7), "no internal processes"). */
async function readBelow(host: Host, group: string): Promise<{ ok: true; members: number[] } | Unread> {
  const folder = await host.readDirectory(group)
  if (!folder.ok) return folder.reason === 'missing' ? { ok: true, members: [] } : folder
  const names = folder.names.filter((name) => !KERNEL_FILE.test(name))
  const files = await Promise.all(names.map((name) => host.readFile(`${group}/${name}/cgroup.procs`)))
  return { ok: true, members: files.flatMap((file) => (file.ok ? readPids(file.text) : [])) }
}

function readPids(text: string): number[] {
  return text.split('\n').flatMap((line) => (/^[1-9]\d{0,9}$/.test(line) ? [Number(line)] : []))
}
