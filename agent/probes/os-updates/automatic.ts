import type { Host } from '../../host/host.ts'
import { allOf, anyOf, isThere } from './answer.ts'
import { configFiles, isPeriodic, readAptConfig, type AptConfig } from './apt-config.ts'
import { isTimerEnabled } from './timers.ts'

const APT_CONFIGS = '/etc/apt/apt.conf.d'
const APT_CONFIG = '/etc/apt/apt.conf'

/** Whether apt refreshes its lists and installs security updates by itself: options, timers and the program to do it. */
export async function isAptAutomatic(host: Host): Promise<boolean | null> {
  const folder = await host.readDirectory(APT_CONFIGS)
  if (!folder.ok && folder.reason !== 'missing') return null
  const names = folder.ok ? configFiles(folder.names) : []
  const paths = [...names.map((name) => `${APT_CONFIGS}/${name}`), APT_CONFIG]
  const config: AptConfig = new Map()
  for (const file of await Promise.all(paths.map((path) => host.readFile(path)))) {
    if (file.ok ? !readAptConfig(file.text, config) : file.reason !== 'missing') return null
  }
  if (!isPeriodic(config)) return false
  return allOf([
    await isThere(host, '/usr/bin/unattended-upgrade'),
    await isTimerEnabled(host, 'apt-daily.timer'),
    await isTimerEnabled(host, 'apt-daily-upgrade.timer'),
  ])
}

/** Whether dnf-automatic runs and applies what it finds; one of its timers does so whatever the file says. */
export async function isDnfAutomatic(host: Host): Promise<boolean | null> {
  const runs = await Promise.all(['dnf5-automatic.timer', 'dnf-automatic.timer'].map((it) => isTimerEnabled(host, it)))
  const installs = await isTimerEnabled(host, 'dnf-automatic-install.timer')
  return anyOf([installs, allOf([anyOf(runs), await appliesUpdates(host)])])
}

async function appliesUpdates(host: Host): Promise<boolean | null> {
  const file = await host.readFile('/etc/dnf/automatic.conf')
  // Without the file, or the line, updates are only downloaded.
  if (!file.ok) return file.reason === 'missing' ? false : null
  return readApplyUpdates(file.text)
}

/** `apply_updates` of the section `[commands]`; the last one counts. */
export function readApplyUpdates(text: string): boolean {
  let section = ''
  let applies = false
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim() ?? section
    const stated = /^\s*apply_updates\s*[=:]\s*(\S*)\s*$/.exec(line)?.[1]
    if (section === 'commands' && stated !== undefined) applies = /^(?:yes|true|on|1)$/i.test(stated)
  }
  return applies
}
