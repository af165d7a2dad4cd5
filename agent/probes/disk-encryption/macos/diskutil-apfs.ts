import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { isPlist, readPlist, type Plist } from '../../plist.ts'
import { flagIn, textIn } from './diskutil-info.ts'
import { toldByDiskutil, type DiskutilVolume } from './diskutil-volume.ts'
import type { ToldVolume } from '../told-volume.ts'

/** Reads `diskutil apfs list -plist`: the volumes of all containers. Where they are mounted it does not say. */
export function readApfsList(stdout: string): Fact<readonly DiskutilVolume[]> {
  const plist = readPlist(stdout)
  if (plist.kind !== 'value') return plist
  const containers = dictionariesIn(plist.value, 'Containers')
  const volumes = containers.flatMap((container) => dictionariesIn(container, 'Volumes')).map(volumeOf)
  return volumes.length > 0 ? value(volumes) : unreadable('diskutil lists no volume of APFS')
}

function volumeOf(it: Plist): DiskutilVolume {
  const [identifier, label] = [textIn(it, 'DeviceIdentifier'), textIn(it, 'Name')]
  const [fileVault, isLocked] = [flagIn(it, 'FileVault'), flagIn(it, 'Locked')]
  const isEncryptedAtRest = flagIn(it, 'Encryption')
  const roles = it['Roles']
  const percent = it['CryptoMigrationProgressPercent']
  return {
    fileSystem: 'apfs',
    ...(identifier !== undefined && { device: `/dev/${identifier}` }),
    ...(label !== undefined && { label }),
    ...(fileVault !== undefined && { fileVault }),
    ...(isLocked !== undefined && { isLocked }),
    ...(isEncryptedAtRest !== undefined && { isEncryptedAtRest }),
    // That it is on its way is sure; where to is told by few versions.
    isMigrating: flagIn(it, 'CryptoMigrationOn') === true,
    isDecrypting: /^decrypt/i.test(textIn(it, 'CryptoMigrationDirection') ?? ''),
    ...(typeof percent === 'number' && { percent }),
    ...(Array.isArray(roles) && { roles: roles.filter((role) => typeof role === 'string') }),
  }
}

function dictionariesIn(plist: Plist, key: string): Plist[] {
  const items: unknown = plist[key]
  return Array.isArray(items) ? items.filter((it) => isPlist(it)) : []
}

/**
 * Reads `diskutil apfs list`, for people: a tree, where a volume begins with `+-> Volume` and its lines are a label, a
 * colon and a value, in English on every Mac. Where a part was left out, what follows belongs to nothing until the next
 * volume begins.
 */
export function readApfsListText(stdout: string): Fact<readonly DiskutilVolume[]> {
  const volumes: Map<string, string>[] = []
  let volume: Map<string, string> | null = null
  for (const line of stdout.split('\n').map((it) => it.trimEnd())) {
    const text = line.replace(/^[\s|]+/, '')
    if (/^\+-|^\[|^\.\.\./.test(text)) {
      volume = text.startsWith('+-> Volume ') ? new Map() : null
      if (volume) volumes.push(volume)
    }
    const [, label, said = ''] = /^([A-Z][\w ()]*):\s+(\S.*)$/.exec(text) ?? []
    if (volume && label !== undefined) volume.set(label, volume.has(label) ? '' : said)
  }
  const told = volumes.map(volumeOfLines).filter(({ device }) => device !== undefined)
  return told.length > 0 ? value(told) : unreadable('diskutil lists no volume of APFS')
}

function volumeOfLines(lines: ReadonlyMap<string, string>): DiskutilVolume {
  const [, identifier, roles = ''] = /^(disk\w+) \((.*)\)$/.exec(lines.get('APFS Volume Disk (Role)') ?? '') ?? []
  const snapshot = lines.get('Snapshot Mount Point') ?? ''
  const mount = snapshot.startsWith('/') ? snapshot : (lines.get('Mount Point') ?? '')
  const label = lines.get('Name')?.replace(/ \(Case-(?:in)?sensitive\)$/, '')
  const [, isOn, how = ''] = /^(Yes|No)(?: \((.*)\))?$/.exec(lines.get('FileVault') ?? '') ?? []
  const progress = [...lines].find(([name]) => /^(?:En|De)cryption Progress$/.test(name))
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%/.exec(progress?.[1] ?? '') ?? []
  const isDecrypting = progress?.[0].startsWith('De') === true
  return {
    fileSystem: 'apfs',
    ...(identifier !== undefined && { device: `/dev/${identifier}` }),
    ...(mount.startsWith('/') && { mount }),
    ...(label !== undefined && label !== '' && { label }),
    ...(isOn !== undefined && { fileVault: isOn === 'Yes' }),
    isLocked: how === 'Locked',
    isEncryptedAtRest: how === 'Encrypted at rest',
    isMigrating: progress !== undefined,
    isDecrypting,
    ...(percent !== undefined && !isDecrypting && { percent: Number(percent) }),
    roles: roles === 'No specific role' ? [] : roles.split(/, ?/),
  }
}

/** What APFS keeps for itself beside a system, and never encrypts. */
const OWN_ROLES = new Set([
  'Preboot',
  'Recovery',
  'VM',
  'Update',
  'Installer',
  'xART',
  'Hardware',
  'Baseband',
  'Sidecar',
])

/**
 * The volumes of such a list in our words. The system is what is mounted at `/`; where that is not told, the only one
 * with that role, for of two nobody knows which was started.
 */
export function toldByApfsList(volumes: readonly DiskutilVolume[]): ToldVolume[] {
  const counted = volumes.filter(({ roles = [] }) => roles.every((role) => !OWN_ROLES.has(role)))
  const systems = counted.filter(({ roles = [] }) => roles.includes('System'))
  const root = counted.find(({ mount }) => mount === '/') ?? (systems.length === 1 ? systems[0] : undefined)
  return counted.map((it) => {
    const told = toldByDiskutil(it)
    if (it === root) return { ...told, role: 'system' }
    return it.roles?.includes('Data') ? { ...told, role: 'data' } : told
  })
}
