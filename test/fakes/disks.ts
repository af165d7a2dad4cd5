import { recordedHost, type RecordingEntry } from '../../agent/host/recorded.ts'
import type { Host } from '../../agent/host/host.ts'
import type { ProgramName } from '../../agent/host/programs.ts'

/** A block device of a laptop that exists only in a test; its number is its place in the list. */
type Device = {
  /** Of a partition: its disk and its number. */
  of?: [disk: string, number: number]
  on?: string[]
  dm?: { name: string; uuid: string | null }
  file?: string
  removable?: boolean
  usb?: boolean
}

export type Laptop = {
  devices?: Record<string, Device>
  /** Each `DEVICE POINT FSTYPE [SOURCE [OPTIONS]]`; a device that is not in the list is taken as a number. */
  mounts: string[]
  swaps?: string[] | null
  btrfs?: string[][]
  files?: Record<string, string | null>
  programs?: { line: string; stdout: string; exitCode?: number }[]
  privileged?: boolean | null
}

/** The laptop as a host, and the programs that were started on it. */
export function fakeLaptop(laptop: Laptop): { host: Host; started: string[] } {
  const numbers = new Map(Object.keys(laptop.devices ?? {}).map((name, at) => [name, `8:${at}`]))
  const entries: RecordingEntry[] = []
  const file = (path: string, content: string | null) => entries.push({ kind: 'file', path, content })
  const folder = (path: string, names: string[] | null) => entries.push({ kind: 'directory', path, names })

  file('/proc/self/mountinfo', laptop.mounts.map((mount, at) => mountLine(mount, at, numbers)).join(''))
  const swaps = laptop.swaps === undefined ? [] : laptop.swaps
  file('/proc/swaps', swaps && ['Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority', ...swaps, ''].join('\n'))
  const rows = [...numbers].map(([name, number]) => `${number.replace(':', ' ')} 1048576 ${name}\n`)
  file('/proc/partitions', `major minor  #blocks  name\n\n${rows.join('')}`)
  for (const [name, device] of Object.entries(laptop.devices ?? {})) {
    const path = `/sys/class/block/${name}`
    const [major, minor] = numbers.get(name)?.split(':') ?? []
    const kind = device.of ? `DEVTYPE=partition\nPARTN=${device.of[1]}` : 'DEVTYPE=disk'
    file(`${path}/uevent`, `MAJOR=${major}\nMINOR=${minor}\nDEVNAME=${name}\n${kind}\n`)
    folder(`${path}/slaves`, device.of ? null : (device.on ?? []))
    file(`${path}/removable`, device.of ? null : device.removable ? '1\n' : '0\n')
    file(`/run/udev/data/b${numbers.get(name)}`, device.usb ? 'S:disk/by-id/usb-x\nE:ID_BUS=usb\n' : 'E:ID_BUS=ata\n')
    if (device.file !== undefined) file(`${path}/loop/backing_file`, `${device.file}\n`)
    if (device.dm) file(`${path}/dm/name`, `${device.dm.name}\n`)
    if (device.dm && device.dm.uuid !== null) file(`${path}/dm/uuid`, `${device.dm.uuid}\n`)
  }
  const btrfs = (laptop.btrfs ?? []).map(
    (members, at) => [`0000000${at}-1111-4111-8111-111111111111`, members] as const,
  )
  folder('/sys/fs/btrfs', ['features', ...btrfs.map(([uuid]) => uuid)])
  for (const [uuid, members] of btrfs) folder(`/sys/fs/btrfs/${uuid}/devices`, members)
  for (const [path, content] of Object.entries(laptop.files ?? {})) file(path, content)
  for (const { line, stdout, exitCode = 0 } of laptop.programs ?? []) {
    const [program = '', ...args] = line.split(' ')
    entries.push({ kind: 'command', program, args, exitCode, stdout, stderr: '' })
  }

  const started: string[] = []
  const host = recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-11-20T08:00:00Z', entries })
  return {
    started,
    host: {
      ...host,
      privileged: laptop.privileged ?? null,
      run(program: ProgramName, args, options) {
        started.push([program, ...args].join(' '))
        return host.run(program, args, options)
      },
    },
  }
}

function mountLine(mount: string, at: number, numbers: ReadonlyMap<string, string>): string {
  const [device = '', point, fsType, source = `/dev/${device}`, options = 'rw'] = mount.split(' ')
  return `${at + 30} 1 ${numbers.get(device) ?? device} / ${point} rw,relatime shared:${at} - ${fsType} ${source} ${options}\n`
}

/** A disk with its partitions, as a part of `devices`. */
export function disk(name: string, partitions: number, as: Device = {}): Record<string, Device> {
  const stem = /\d$/.test(name) ? `${name}p` : name
  const parts = Array.from({ length: partitions }, (_, at): [string, Device] => [
    `${stem}${at + 1}`,
    { of: [name, at + 1] },
  ])
  return { [name]: as, ...Object.fromEntries(parts) }
}

/** A mapping that cryptsetup opened. */
export function crypt(name: string, below: string, type = 'LUKS2'): Device {
  return { dm: { name, uuid: `CRYPT-${type}-29abbee9af70419a88aedca2d7066538-${name}` }, on: [below] }
}

/** A logical volume. */
export function logical(name: string, ...below: string[]): Device {
  return { dm: { name, uuid: 'LVM-x7kNyvQpJ5bK2mRw8sTz' }, on: below }
}
