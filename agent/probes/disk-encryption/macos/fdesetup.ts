import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { ToldVolume } from '../told-volume.ts'

/** What FileVault says of the volume that macOS was started from. */
export type FileVault = Pick<ToldVolume, 'state' | 'method' | 'percent' | 'detail'>

/**
 * Reads `fdesetup status`. Unless a conversion runs all lines have to be known: one that is not may take back what the
 * first says, as "in progress" does, and in another language nothing is said at all.
 */
export function readFdesetupStatus(stdout: string): Fact<FileVault> {
  const lines = stdout.split(/\r?\n/).flatMap((line) => (NOISE.test(line) ? [] : line.trim()))
  const at = lines.findIndex((line) => STATUSES.has(line))
  const status = STATUSES.get(lines[at] ?? '')
  const others = lines.toSpliced(at, 1)
  const known = others.map(readLine)
  const unknown = others.find((_, index) => known[index] === null)
  if (status === undefined) return unreadable('fdesetup does not say whether FileVault is on')
  const running = known.filter((it) => it?.state !== undefined)
  if (running.length > 1) return unreadable('fdesetup contradicts itself')
  if (unknown !== undefined && running.length === 0) return unreadable('fdesetup says more than is known')
  const remark = known.find((it) => it?.detail !== undefined && it.state === undefined)
  return value({ ...status, ...(status.state === 'off' && remark), ...running[0] })
}

/** Empty lines, and what the system's own log and `-verbose` mix in. */
const NOISE = /^\s*$|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ fdesetup\[|^fdesetup: device path = /

const STATUSES: ReadonlyMap<string, FileVault> = new Map<string, FileVault>([
  ['FileVault is On.', { state: 'on', method: 'filevault' }],
  ['FileVault is Off.', { state: 'off' }],
  [
    'FileVault is Off, but will be enabled after the next restart.',
    { state: 'off', detail: 'FileVault begins after the next restart' },
  ],
])

/** What a line below the first adds; null where it is not known. */
function readLine(line: string): FileVault | null {
  if (/^FileVault master keychain appears to be installed\.$/.test(line)) return {}
  if (/^Deferred enablement appears to be active(?: for user '.*')?\.$/.test(line)) {
    return { detail: 'FileVault begins when a certain user signs out or in' }
  }
  const [, kind, said = ''] = /^(Encryption|Decryption) in progress:\s*(.*)$/.exec(line) ?? []
  const detail = /^(?:Pending|Paused)\.?$/i.test(said) ? { detail: 'it waits, as for power' } : {}
  // Of a decryption the percentage says how much is done, and not how much is encrypted.
  if (kind === 'Decryption') return { state: 'decrypting', method: 'filevault', ...detail }
  if (kind !== 'Encryption') return null
  const [, number] = /^Percent completed = (\d{1,3}(?:[.,]\d+)?)%?$/.exec(said) ?? []
  const percent = Number(number?.replace(',', '.') ?? NaN)
  return { state: 'encrypting', method: 'filevault', ...(percent <= 100 && { percent }), ...detail }
}

/**
 * Reads `fdesetup isactive` (fdesetup(8)), which says `true` and ends with 0, or `false` and 1; 2 is on its way from one
 * to the other. A recording need not know how it ended.
 */
export function readFdesetupIsActive(stdout: string, exitCode: number | null): Fact<FileVault> {
  const said = stdout.trim()
  if (said === 'true' && (exitCode === 0 || exitCode === null)) return value({ state: 'on', method: 'filevault' })
  if (said === 'false' && (exitCode === 1 || exitCode === null)) return value({ state: 'off' })
  return unreadable('fdesetup does not say whether FileVault is active')
}
