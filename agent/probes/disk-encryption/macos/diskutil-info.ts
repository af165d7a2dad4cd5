import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { readPlist, type Plist } from '../../plist.ts'
import type { DiskutilVolume } from './diskutil-volume.ts'

/** Reads `diskutil info -plist VOLUME`, whose errors are property lists as well. */
export function readDiskutilInfo(stdout: string): Fact<DiskutilVolume> {
  const plist = readPlist(stdout)
  if (plist.kind !== 'value') return plist
  const it = plist.value
  if ('Error' in it || 'ErrorMessage' in it) return unreadable('diskutil ended with an error')
  const volume = volumeOf({
    mount: textIn(it, 'MountPoint'),
    device: textIn(it, 'DeviceNode') ?? deviceOf(textIn(it, 'DeviceIdentifier')),
    label: textIn(it, 'VolumeName'),
    fileSystem: textIn(it, 'FilesystemType')?.toLowerCase(),
    fileVault: flagIn(it, 'FileVault'),
    isLocked: flagIn(it, 'Locked'),
    isMigrating: flagIn(it, 'CryptoMigrationOn'),
    isEncryptedAtRest: flagIn(it, 'Encryption'),
    isExternal: isExternal(flagIn(it, 'Internal'), flagIn(it, 'RemovableMediaOrExternalDevice')),
    isLayered: isLayered(Object.keys(it), textIn(it, 'BusProtocol')),
  })
  const isVolume = volume.device !== undefined && volume.fileSystem !== undefined && it['WholeDisk'] !== true
  return isVolume ? value(volume) : unreadable('this tells of no volume')
}

/** Reads `diskutil info VOLUME`, for people; its labels are the same in every language. */
export function readDiskutilInfoText(stdout: string): Fact<DiskutilVolume> {
  const lines = new Map<string, string>()
  const twice = new Set<string>()
  for (const line of stdout.split('\n').map((it) => it.trim())) {
    const [, label = '', said = ''] = /^(\w[^:]*):\s+(\S.*)$/.exec(line) ?? []
    if (lines.has(label)) twice.add(label)
    lines.set(label, said)
  }
  const text = (label: string) => (twice.has(label) ? undefined : lines.get(label))
  const flag = (label: string) => FLAGS.get(text(label)?.replace(/ \(.*/, '') ?? '')
  const mount = text('Mount Point')
  const location = text('Device Location')
  const volume = volumeOf({
    mount: mount?.startsWith('/') ? mount : undefined,
    device: text('Device Node') ?? deviceOf(text('Device Identifier')),
    label: text('Volume Name'),
    fileSystem: text('Type (Bundle)')?.toLowerCase(),
    fileVault: flag('FileVault'),
    isLocked: flag('Locked'),
    isMigrating: undefined,
    isEncryptedAtRest: flag('Encrypted'),
    isExternal: location === undefined ? undefined : location !== 'Internal',
    isLayered: isLayered([...lines.keys()], text('Protocol')),
  })
  const isVolume = volume.device !== undefined && volume.fileSystem !== undefined
  return isVolume ? value(volume) : unreadable('this tells of no volume')
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['Yes', true],
  ['No', false],
])

/** Without what was not told. */
function volumeOf(told: { [Key in keyof DiskutilVolume]: DiskutilVolume[Key] | undefined }): DiskutilVolume {
  return Object.fromEntries(Object.entries(told).filter(([, it]) => it !== undefined))
}

function isLayered(names: readonly string[], bus: string | undefined): boolean {
  return bus === 'Disk Image' || names.some((name) => /^(?:Core ?Storage|LVF? |LVG? |AppleRAID)/.test(name))
}

function isExternal(internal: boolean | undefined, removable: boolean | undefined): boolean | undefined {
  return internal === undefined ? removable : !internal || removable === true
}

function deviceOf(identifier: string | undefined): string | undefined {
  return identifier === undefined ? undefined : `/dev/${identifier}`
}

export function textIn(plist: Plist, key: string): string | undefined {
  const it = plist[key]
  return typeof it === 'string' && it !== '' ? it : undefined
}

export function flagIn(plist: Plist, key: string): boolean | undefined {
  const it = plist[key]
  return typeof it === 'boolean' ? it : undefined
}
