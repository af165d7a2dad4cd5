import { unreadable, value, type Fact } from '../../../../shared/fact.ts'

/**
 * Whether a drive that encrypts by itself asks for a password before it gives its data out. `unknown`: its locking is
 * in use, but of which part of the drive, and whether it locks again when it loses power, is not told.
 */
export type DriveLock = 'on' | 'off' | 'locked' | 'unknown'

/** The controller of an NVMe drive, else the disk. */
export function sedutilArguments(disk: string): readonly string[] {
  return ['--query', `/dev/${disk.replace(/^(nvme\d+)n\d+$/, '$1')}`]
}

/**
 * Reads `sedutil-cli --query DEVICE`: the locking feature of TCG Opal's level 0 discovery. Every such drive encrypts
 * always; only a shadow in place of the boot record, which asks for the password, tells that the key is withheld.
 */
export function readSedutilQuery(stdout: string): Fact<DriveLock> {
  const [, feature] = /^Locking function \(0x0002\)\s*\r?\n((?:[ \t]+\S.*\r?\n?)+)/m.exec(stdout) ?? []
  if (feature === undefined) return unreadable('sedutil-cli shows no locking feature')
  const is = (name: string) => new RegExp(`\\b${name} = ([YN])\\b`).exec(feature)?.[1]
  const isWhole = ['Locked', 'LockingEnabled', 'MBREnabled', 'MediaEncrypt'].every((name) => is(name) !== undefined)
  if (!isWhole) return unreadable('the locking feature of the drive is not told whole')
  if (is('LockingEnabled') === 'N') return value(is('Locked') === 'N' ? 'off' : 'unknown')
  if (is('MediaEncrypt') === 'N') return value('unknown')
  if (is('Locked') === 'Y') return value('locked')
  return value(is('MBREnabled') === 'Y' ? 'on' : 'unknown')
}
