import type { Host, Unread } from '../../host/host.ts'
import { parseAssignments } from './assignments.ts'
import { RELEASE_FILES, readLsbRelease } from './release-files.ts'

/** The assignments of an os-release file. */
export type OsRelease = ReadonlyMap<string, string>

const PLACES = ['/etc/os-release', '/usr/lib/os-release'] as const

/** What was found, and where. */
type Found = { ok: true; release: OsRelease; path: string }

/** The system's own os-release file, or the vendor's where there is none; of an old system what it has instead. */
export async function readOsRelease(host: Host): Promise<Found | Unread> {
  const own = await readRelease(host, PLACES[0])
  // One that is there and cannot be read may say something else than the vendor's.
  if (own.ok || !isNotThere(own)) return own
  const vendors = await readRelease(host, PLACES[1])
  if (vendors.ok) return vendors
  return isNotThere(vendors) ? ((await readOlder(host)) ?? own) : own
}

const isNotThere = ({ reason }: Unread): boolean => reason === 'missing' || reason === 'not-recorded'

async function readRelease(host: Host, path: string): Promise<Found | Unread> {
  const file = await host.readFile(path)
  return file.ok ? { ok: true, release: parseOsRelease(file.text), path } : file
}

async function readOlder(host: Host): Promise<Found | null> {
  for (const [path, read] of RELEASE_FILES) {
    const file = await host.readFile(path)
    const release = file.ok ? read(file.text) : null
    if (release) return { ok: true, release, path }
  }
  const ran = await host.run('lsb_release', ['-a'])
  const release = ran.ok && ran.exitCode === 0 ? readLsbRelease(ran.stdout) : null
  return release && { ok: true, release, path: 'lsb_release -a' }
}

/** Reads os-release(5): shell assignments, of which the last of a name counts. A line that is none is passed over. */
export const parseOsRelease: (text: string) => OsRelease = parseAssignments
