import type { Host } from '../../host/host.ts'

const WANTED = ['/etc/systemd/system/timers.target.wants', '/usr/lib/systemd/system/timers.target.wants'] as const
const OWN_UNITS = '/etc/systemd/system'

/**
 * Whether systemd starts a timer, by the links that make it do so: `systemctl` asks the manager, which can hang. Null
 * where the links cannot be read, and where there are none at all: that machine is started by something else.
 */
export async function isTimerEnabled(host: Host, timer: string): Promise<boolean | null> {
  const folders = await Promise.all(WANTED.map((path) => host.readDirectory(path)))
  if (folders.some((folder) => folder.ok && folder.names.includes(timer))) return isUnmasked(host, timer)
  const unknown = folders.some((folder) => !folder.ok && folder.reason !== 'missing')
  return unknown || !folders.some((folder) => folder.ok) ? null : false
}

/** A masked timer keeps its links: the unit in /etc is then a link to /dev/null, which reads as empty. */
async function isUnmasked(host: Host, timer: string): Promise<boolean | null> {
  const unit = await host.readFile(`${OWN_UNITS}/${timer}`)
  if (!unit.ok) return unit.reason === 'missing' ? true : null
  return unit.text.trim() !== ''
}
