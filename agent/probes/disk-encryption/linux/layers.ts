import { unreadable, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { devicePath, type BlockDevice, type BlockDevices } from './block-devices.ts'
import type { Mapping } from './dmsetup.ts'
import type { LuksHeader } from './luks-header.ts'
import type { DriveLock } from './sedutil.ts'
import { VERACRYPT_MAPPING } from './veracrypt.ts'

/** All that is known of the devices between the volumes and the disks. */
export type Stack = {
  devices: BlockDevices
  /** By the name of the mapping; without it no cipher is verified. */
  tables: Fact<ReadonlyMap<string, Mapping>>
  /** By the device whose mapping was opened from it. */
  headers: ReadonlyMap<string, LuksHeader>
  /** The mappings that VeraCrypt says are its own. */
  veraCrypt: ReadonlySet<string>
  /** What drives that encrypt by themselves say, by the name of the disk. */
  drives: ReadonlyMap<string, DriveLock>
  /** The sources of bcachefs that have no key, so that what lies below decides. */
  plainBcachefs: ReadonlySet<string>
}

/** Of devices that nobody has asked a program about. */
export function unverified(devices: BlockDevices, why: string): Stack {
  return {
    devices,
    tables: unreadable(why),
    headers: new Map(),
    veraCrypt: new Set(),
    drives: new Map(),
    plainBcachefs: new Set(),
  }
}

/** What becomes of the bytes of one volume on their way down. `layers` are the encrypting devices that they pass. */
export type Finding = Pick<Volume, 'state' | 'method'> & {
  layers: readonly string[]
  /** Only where the layer itself told; of LUKS the header does. */
  keyProtector?: Volume['keyProtector']
  detail: string | null
}

/** In place of the uuid of an encrypting mapping where nobody told of what kind it is. */
export const DM_CRYPT_UNTOLD = 'CRYPT-UNTOLD-'

/** cryptsetup puts what a mapping is before its uuid (`dm_prepare_uuid` in its lib/libdevmapper.c). */
const ENCRYPTS: readonly (readonly [prefix: string, method: Volume['method']])[] = [
  [DM_CRYPT_UNTOLD, null],
  ['CRYPT-LUKS2-OPAL-', 'opal'],
  ['CRYPT-LUKS2-', 'luks2'],
  ['CRYPT-LUKS1-', 'luks1'],
  ['CRYPT-PLAIN-', 'dm-crypt'],
  ['CRYPT-LOOPAES-', 'dm-crypt'],
  ['CRYPT-TCRYPT-', 'veracrypt'],
  ['CRYPT-BITLK-', 'bitlocker'],
  ['CRYPT-FVAULT2-', 'filevault'],
]

/** Mappings that are known not to encrypt: against change only, helpers of cryptsetup, volumes, paths, RAID, partitions. */
const PASSES_ON = /^(CRYPT-(VERITY|INTEGRITY|SUBDEV)-|LVM-|mpath-|DMRAID-|stratis-1-|part\d+-)/

const DISKS: readonly (readonly [name: RegExp, state: 'off' | 'unknown', what: string])[] = [
  [/^x?vd[a-z]/, 'off', 'encryption by the host of a virtual disk cannot be seen'],
  [/^(nbd|rbd|drbd)/, 'unknown', 'it is a disk on the network'],
  [/^zd/, 'unknown', 'it is a volume of ZFS'],
  [/^z?ram/, 'unknown', 'it is in memory'],
  [/^/, 'off', 'encryption by the drive itself cannot be seen'],
]

/** What is known already: devices meet again below RAID and LVM, and a broken sysfs could lead round in a circle. */
type Seen = Map<string, Finding>

/** `on` only if every way from these devices down to a disk passes a layer that encrypts. */
export function findProtection(names: readonly string[], stack: Stack, seen: Seen = new Map()): Finding {
  return combine(names.map((name) => findOne(name, stack, seen)))
}

function findOne(name: string, stack: Stack, seen: Seen): Finding {
  const known = seen.get(name)
  if (known) return known
  seen.set(name, unknown(`${name} lies on itself`))
  const device = stack.devices.get(name)
  const finding = device ? findDevice(device, stack, seen) : unknown(`${name} could not be read`)
  seen.set(name, finding)
  return finding
}

function findDevice(device: BlockDevice, stack: Stack, seen: Seen): Finding {
  if (!device.mapping) return findBelow(device, stack, seen)
  const { uuid } = device.mapping
  const kind = ENCRYPTS.find(([prefix]) => uuid?.startsWith(prefix))
  if (kind) return findLayer(device, kind[1], stack, seen)
  if (uuid !== null && PASSES_ON.test(uuid)) return findBelow(device, stack, seen)
  return findUnnamedMapping(device, stack, seen)
}

function findBelow(device: BlockDevice, stack: Stack, seen: Seen): Finding {
  if (device.below === null) return unknown(`what ${device.name} lies on could not be read`)
  const disk = stack.devices.get(device.partitionOf ?? device.name)
  if (disk && !disk.mapping && disk.below?.length === 0) return findDisk(disk, device.name, stack)
  if (device.below.length === 0) return unknown(`${device.name} lies on nothing`)
  return findProtection(device.below, stack, seen)
}

function findDisk(disk: BlockDevice, shown: string, { drives }: Stack): Finding {
  const lock = drives.get(disk.name)
  if (lock === 'on' || lock === 'locked') return { state: lock, method: 'opal', layers: [], detail: null }
  if (lock === 'unknown') return unknown(`${disk.name} encrypts by itself: whether it asks for a password is not told`)
  const [, state, what] = DISKS.find(([pattern]) => pattern.test(disk.name)) ?? [null, 'unknown', 'it is of a new kind']
  const detail = state === 'off' ? `${shown} is not encrypted (${what})` : `${shown}: ${what}`
  return { state, method: null, layers: [], detail }
}

function findLayer(device: BlockDevice, method: Volume['method'], stack: Stack, seen: Seen) {
  const layer: Finding = { method, layers: [device.name], detail: null, ...judgeLayer(device, method, stack) }
  if (layer.state === 'on') return layer
  const under = findProtection(device.below ?? [], stack, seen)
  return under.state === 'on' ? { ...under, layers: [device.name, ...under.layers] } : layer
}

type Judgement = Pick<Finding, 'state'> & Partial<Finding>

function judgeLayer(device: BlockDevice, method: Volume['method'], stack: Stack): Judgement {
  const table = tableOf(device, stack)
  const header = stack.headers.get(device.name)
  if (table?.state === 'off' || header?.state === 'off') {
    return { state: 'off', detail: `the cipher of ${device.name} is null: it stores plain text` }
  }
  if (header?.state) return { state: header.state, detail: `${device.name} is partly encrypted` }
  if (table?.state === 'on') return { state: 'on', method: method === 'opal' ? 'luks2' : method }
  if (table) return judgePartTable(device.name, method, table, header)
  if (isBeingRecoded(device, stack) && !header?.rekeying) {
    return { state: 'unknown', detail: `${device.name} is being re-encrypted: from what to what is not known` }
  }
  const why = stack.tables.kind === 'value' ? 'dmsetup does not show it' : stack.tables.why
  return { state: 'on', detail: `cipher not verified: ${why}` }
}

/** For a table that is not all of encrypted segments. */
function judgePartTable(
  name: string,
  method: Volume['method'],
  table: Mapping,
  header: LuksHeader | undefined,
): Judgement {
  // A drive that encrypts by itself, or the helper devices of a change of keys, are passed on to in one piece.
  const isOnePiece = table.passesOn && table.segments === 1
  if (isOnePiece && (method === 'opal' || header?.method === 'opal')) return { state: 'on', method: 'opal' }
  if (header?.rekeying) return { state: 'on', detail: 'its key is being changed' }
  // A first encryption begins with plain segments, the moved head and the rest, and turns them into encrypted ones.
  if (table.passesOn && table.segments > 1) return { state: 'encrypting', detail: `a part of ${name} is plain text` }
  return { state: 'unknown', detail: `the table of ${name} does not say that all of it is encrypted` }
}

/** A change under way runs over a helper device that cryptsetup calls `NAME-overlay`. */
function isBeingRecoded(device: BlockDevice, stack: Stack): boolean {
  const below = (device.below ?? []).map((name) => stack.devices.get(name)?.mapping)
  return below.some((it) => it?.uuid?.startsWith('CRYPT-SUBDEV-') && it.name === `${device.mapping?.name}-overlay`)
}

/** A mapping without a uuid that we know: VeraCrypt and dmsetup give none. Its table tells, or VeraCrypt itself. */
function findUnnamedMapping(device: BlockDevice, stack: Stack, seen: Seen): Finding {
  const table = tableOf(device, stack)
  const name = device.mapping?.name ?? ''
  if (table?.state === 'on') {
    const method = VERACRYPT_MAPPING.test(name) ? 'veracrypt' : 'dm-crypt'
    return { state: 'on', method, layers: [device.name], detail: null }
  }
  if (!table && stack.veraCrypt.has(name)) {
    return { state: 'on', method: 'veracrypt', layers: [device.name], detail: 'by the word of VeraCrypt' }
  }
  const under = findProtection(device.below ?? [], stack, seen)
  if (under.state === 'on') return under
  if (table?.state === 'off') return { ...under, detail: `the cipher of ${device.name} is null: it stores plain text` }
  return unknown(`what kind of mapping ${device.name} is could not be told`)
}

function tableOf(device: BlockDevice, { tables }: Stack): Mapping | undefined {
  return tables.kind === 'value' && device.mapping ? tables.value.get(device.mapping.name) : undefined
}

const WORST_FIRST = ['off', 'decrypting', 'encrypting', 'locked', 'suspended', 'unknown', 'on'] as const

function combine(findings: readonly Finding[]): Finding {
  const state = WORST_FIRST.find((it) => findings.some((finding) => finding.state === it))
  if (state === undefined) return unknown('which devices hold it is not known')
  const deciding = findings.filter((finding) => finding.state === state)
  const methods = new Set(deciding.map(({ method }) => method))
  const details = new Set(deciding.map(({ detail }) => detail).filter((detail) => detail !== null))
  return {
    state,
    method: methods.size === 1 ? (deciding[0]?.method ?? null) : null,
    layers: [...new Set(findings.flatMap(({ layers }) => layers))],
    detail: details.size > 0 ? [...details].join('; ') : null,
  }
}

export function unknown(detail: string): Finding {
  return { state: 'unknown', method: null, layers: [], detail }
}

/** The mappings of which a program could tell more than sysfs does. */
export function mappingsToVerify(devices: BlockDevices): string[] {
  return [...devices.values()].flatMap(({ mapping }) =>
    mapping && !PASSES_ON.test(mapping.uuid ?? '') ? [mapping.name] : [],
  )
}

/**
 * The path of the device that has the LUKS2 header of a layer: the only one below it that cryptsetup itself did not
 * make. Null for every other kind of layer.
 */
export function luks2HeaderPath(layer: string, devices: BlockDevices): string | null {
  if (!devices.get(layer)?.mapping?.uuid?.startsWith('CRYPT-LUKS2-')) return null
  const found = new Set<string>()
  const seen = new Set<string>()
  const queue = [...(devices.get(layer)?.below ?? [])]
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (seen.has(name)) continue
    seen.add(name)
    const device = devices.get(name)
    if (device?.mapping?.uuid?.startsWith('CRYPT-')) queue.push(...(device.below ?? []))
    else found.add(name)
  }
  const [only] = found
  return found.size === 1 && only !== undefined ? devicePath(only) : null
}
