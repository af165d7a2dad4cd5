import type { Host } from '../../host/host.ts'
import { parseAssignments } from '../os/assignments.ts'
import { allOf, anyOf } from './answer.ts'
import { configFiles, isRefreshed, readAptConfig, readAptConfigDump, type AptConfig } from './apt-config.ts'
import { isStartedBy, isTimerEnabled } from './timers.ts'

const APT_CONFIGS = '/etc/apt/apt.conf.d'
const APT_CONFIG = '/etc/apt/apt.conf'

/** Whether the machine looks for updates by itself, by apt's options and its timer; what it does with them is not asked. */
export async function isAptAutomatic(host: Host): Promise<boolean | null> {
  const config = (await readAptFiles(host)) ?? (await askApt(host))
  if (config === null) return null
  return isRefreshed(config) ? isTimerEnabled(host, 'apt-daily.timer') : false
}

/** The options that stand in apt's files; null where one of them cannot be read, or makes no sense. */
async function readAptFiles(host: Host): Promise<AptConfig | null> {
  const folder = await host.readDirectory(APT_CONFIGS)
  if (!folder.ok && folder.reason !== 'missing') return null
  const names = folder.ok ? configFiles(folder.names) : []
  const paths = [...names.map((name) => `${APT_CONFIGS}/${name}`), APT_CONFIG]
  const config: AptConfig = new Map()
  for (const file of await Promise.all(paths.map((path) => host.readFile(path)))) {
    if (file.ok ? !readAptConfig(file.text, config) : file.reason !== 'missing') return null
  }
  return config
}

/** apt itself may understand a file that this reader does not. */
async function askApt(host: Host): Promise<AptConfig | null> {
  const ran = await host.run('apt-config', ['dump', 'APT::Periodic'])
  return ran.ok && ran.exitCode === 0 ? readAptConfigDump(ran.stdout) : null
}

/** Timers that fetch what dnf knows of updates, or tell of them, or install them. */
const DNF_TIMERS = [
  'dnf5-automatic.timer',
  'dnf-automatic.timer',
  'dnf-automatic-notifyonly.timer',
  'dnf-automatic-download.timer',
  'dnf-automatic-install.timer',
  'dnf5-makecache.timer',
  'dnf-makecache.timer',
] as const

/** The same where dnf or yum installs. */
export async function isDnfAutomatic(host: Host): Promise<boolean | null> {
  const timers = await Promise.all(DNF_TIMERS.map((timer) => isTimerEnabled(host, timer)))
  if (timers.includes(true)) return true
  return anyOf([...timers, await isStartedBy(host, 'multi-user.target', 'yum-cron.service')])
}

/** The same where zypper does: the timer of read-only systems, or YaST's online update. */
export async function isZypperAutomatic(host: Host): Promise<boolean | null> {
  const isTimed = await isTimerEnabled(host, 'transactional-update.timer')
  if (isTimed === true) return true
  const file = await host.readFile('/etc/sysconfig/automatic_online_update')
  const stated = file.ok ? readOnlineUpdate(file.text) : null
  return anyOf([isTimed, !file.ok && file.reason === 'missing' ? false : stated])
}

/** `AOU_ENABLE_CRONJOB="true"` of YaST's online update. */
export function readOnlineUpdate(text: string): boolean {
  return parseAssignments(text).get('AOU_ENABLE_CRONJOB') === 'true'
}

/** Timers of systems made of images that look for a new one, whatever the configuration of rpm-ostree says. */
const IMAGE_TIMERS = ['bootc-fetch-apply-updates.timer', 'uupd.timer', 'ublue-update.timer'] as const

/** The same where the system is one image; on Fedora CoreOS zincati does it. */
export async function isOstreeAutomatic(host: Host): Promise<boolean | null> {
  const others = await Promise.all([
    ...IMAGE_TIMERS.map((timer) => isTimerEnabled(host, timer)),
    isStartedBy(host, 'multi-user.target', 'zincati.service'),
  ])
  if (others.includes(true)) return true
  const file = await host.readFile('/etc/rpm-ostreed.conf')
  const stated = file.ok ? readOstreePolicy(file.text) : null
  const looks = file.ok ? stated && stated !== 'none' : file.reason === 'missing' ? false : null
  return anyOf([...others, allOf([looks, await isTimerEnabled(host, 'rpm-ostreed-automatic.timer')])])
}

/** `AutomaticUpdatePolicy` of the section `[Daemon]`, `none` where it is not told; null for a word nobody knows. */
export function readOstreePolicy(text: string): 'none' | 'check' | 'stage' | 'apply' | null {
  let section = ''
  let policy: string | undefined
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim() ?? section
    if (section === 'Daemon') policy = /^\s*AutomaticUpdatePolicy\s*=(.*)$/.exec(line)?.[1]?.trim() ?? policy
  }
  switch (policy) {
    case undefined:
    case 'none':
      return 'none'
    case 'check':
      return 'check'
    case 'stage':
    case 'ex-stage':
      return 'stage'
    case 'apply':
      return 'apply'
    default:
      return null
  }
}
