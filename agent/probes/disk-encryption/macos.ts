import { value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readApfsList, readApfsListText, toldByApfsList } from './macos/diskutil-apfs.ts'
import { readDiskutilInfo, readDiskutilInfoText } from './macos/diskutil-info.ts'
import { readMountedDataVolumes } from './macos/diskutil-list.ts'
import { toldByDiskutil, type DiskutilVolume } from './macos/diskutil-volume.ts'
import { readFdesetupIsActive, readFdesetupStatus, type FileVault } from './macos/fdesetup.ts'
import { reportedVolumes, type ToldVolume } from './told-volume.ts'

/**
 * Asks two programs about FileVault of the system: `fdesetup`, which knows whether it is on its way, and `diskutil`;
 * only where they do not contradict each other is it on. `diskutil` also tells of what else is mounted of built-in
 * disks. Needs no root.
 */
export async function readMacos(host: Host): Promise<Reading<SignalValue['disk-encryption']>> {
  const asked = new Set<string>()
  const watched: Host = {
    ...host,
    run(program, args, options) {
      asked.add([program, args[0]].join(' '))
      return host.run(program, args, options)
    },
  }
  const [system, data] = await Promise.all([readSystem(watched), readData(watched)])
  const source = [...asked].join(', ')
  if (system.kind !== 'value') return { ...system, source }
  return { ...value({ volumes: reportedVolumes([system.value, ...data]) }), source }
}

async function readSystem(host: Host): Promise<Fact<ToldVolume>> {
  const [status, info] = await Promise.all([
    askProgram(host, 'fdesetup', ['status'], readFdesetupStatus),
    askInEitherForm(host, ['info', '/'], readDiskutilInfo, readDiskutilInfoText),
  ])
  // In a language that is not known this still answers true or false.
  const fileVault = status.kind === 'value' ? status : await askIsActive(host)
  const place = { mount: '/', role: 'system' } as const
  if (info.kind !== 'value') {
    const told = fileVault.kind === 'value' ? fileVault.value : await findSystem(host)
    return told ? value({ ...told, ...place }) : status
  }
  if (fileVault.kind === 'value') return value({ ...agreed(fileVault.value, toldByDiskutil(info.value)), ...place })
  const isMigrating = info.value.fileVault === true && (await findsMigration(host, info.value))
  return value({ ...toldByDiskutil({ ...info.value, ...(isMigrating && { isMigrating }) }), ...place })
}

/** What both say; what is on its way, if either of them says so; and nothing, where they contradict each other. */
function agreed(fileVault: FileVault, volume: ToldVolume): ToldVolume {
  if (fileVault.state === volume.state) return { ...volume, ...fileVault }
  const moving = [fileVault, volume].find(({ state }) => state === 'encrypting' || state === 'decrypting')
  if (moving) return moving
  if (volume.state === 'unknown') return fileVault
  return { state: 'unknown', detail: `fdesetup says ${fileVault.state}, and diskutil ${volume.state}` }
}

async function askIsActive(host: Host): Promise<Fact<FileVault>> {
  const ran = await host.run('fdesetup', ['isactive'])
  return ran.ok ? readFdesetupIsActive(ran.stdout, ran.exitCode) : unreadableBecause(ran)
}

/** The list tells which volume is a system, where there is but one. */
async function findSystem(host: Host): Promise<ToldVolume | undefined> {
  const list = await askApfs(host)
  return list.kind === 'value' ? toldByApfsList(list.value).find(({ role }) => role === 'system') : undefined
}

/** `diskutil info` says "FileVault" from the moment that it is switched on; the list of volumes says whether it is done. */
async function findsMigration(host: Host, { device = '' }: DiskutilVolume): Promise<boolean> {
  const list = await askApfs(host)
  // A system is started from a snapshot of its volume: `disk3s1s1` of `disk3s1`.
  const volume = device.replace(/(disk\d+s\d+)s\d+$/, '$1')
  return list.kind === 'value' && list.value.some((it) => it.device === volume && it.isMigrating === true)
}

async function readData(host: Host): Promise<ToldVolume[]> {
  const ran = await host.run('diskutil', ['list', '-plist', 'internal'])
  // A recording that has no such list is of somebody who asked about the system alone.
  if (!ran.ok && ran.reason === 'not-recorded') return []
  const mounted = ran.ok ? readMountedDataVolumes(ran.stdout) : unreadableBecause(ran)
  if (mounted.kind !== 'value') {
    return [{ mount: 'other volumes', role: 'data', state: 'unknown', detail: `which there are: ${mounted.why}` }]
  }
  if (mounted.value.length === 0) return []
  const hasApfs = mounted.value.some(({ fileSystem }) => fileSystem === 'apfs')
  const list = hasApfs ? await askApfs(host) : value([])
  return mounted.value.map((it) => {
    const listed = list.kind === 'value' ? list.value.find(({ device }) => device === it.device) : undefined
    return {
      ...toldByDiskutil({ ...it, ...(it.fileSystem === 'apfs' && listed), ...mountOf(it) }),
      role: 'data' as const,
    }
  })
}

function mountOf({ mount }: DiskutilVolume): Pick<DiskutilVolume, 'mount'> {
  return mount === undefined ? {} : { mount }
}

function askApfs(host: Host): Promise<Fact<readonly DiskutilVolume[]>> {
  return askInEitherForm(host, ['apfs', 'list'], readApfsList, readApfsListText)
}

/** As a property list; where that cannot be read, as people are told it. */
async function askInEitherForm<T>(
  host: Host,
  [verb = '', object = '']: readonly string[],
  read: (stdout: string) => Fact<T>,
  readText: (stdout: string) => Fact<T>,
): Promise<Fact<T>> {
  // `diskutil info -plist /`, but `diskutil apfs list -plist`.
  const args = verb === 'info' ? [verb, '-plist', object] : [verb, object, '-plist']
  const plist = await askProgram(host, 'diskutil', args, read)
  if (plist.kind === 'value') return plist
  const text = await askProgram(host, 'diskutil', [verb, object], readText)
  return text.kind === 'value' ? text : plist
}
