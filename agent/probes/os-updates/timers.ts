import type { Host } from '../../host/host.ts'
import { readIsEnabled } from '../systemctl.ts'

const OWN_UNITS = '/etc/systemd/system'
const PLACES = [OWN_UNITS, '/usr/lib/systemd/system'] as const

/**
 * Whether systemd starts a timer, by the links that make it do so: `systemctl` asks the manager, which can hang. Null
 * where the links cannot be read, and where there are none at all: that machine is started by something else.
 */
export async function isTimerEnabled(host: Host, timer: string): Promise<boolean | null> {
  return isStartedBy(host, 'timers.target', timer)
}

/** The same of any unit that a target wants. */
export async function isStartedBy(host: Host, target: string, unit: string): Promise<boolean | null> {
  const folders = await Promise.all(PLACES.map((path) => host.readDirectory(`${path}/${target}.wants`)))
  if (folders.some((folder) => folder.ok && folder.names.includes(unit))) return isUnmasked(host, unit)
  const unknown = folders.some((folder) => !folder.ok && folder.reason !== 'missing')
  if (unknown) return askFiles(host, unit)
  return folders.some((folder) => folder.ok) ? false : null
}

/** A masked unit keeps its links: the one in /etc is then a link to /dev/null, which is no file, or an empty file. */
async function isUnmasked(host: Host, unit: string): Promise<boolean | null> {
  const file = await host.readFile(`${OWN_UNITS}/${unit}`)
  if (file.ok) return file.text.trim() !== ''
  return file.reason === 'missing' ? true : askFiles(host, unit)
}

/** With a root of its own systemctl reads the files and asks no manager. */
async function askFiles(host: Host, unit: string): Promise<boolean | null> {
  const ran = await host.run('systemctl', ['--root=/', 'is-enabled', unit])
  const said = ran.ok ? readIsEnabled(ran.stdout, 1) : null
  return said?.kind === 'value' ? (said.value[0] ?? null) : null
}
