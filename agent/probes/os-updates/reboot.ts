import type { Host, Unread } from '../../host/host.ts'
import { anyOf, isThere } from './answer.ts'
import { newerKernels } from './kernels.ts'

const KERNEL = '/proc/sys/kernel/osrelease'
const MODULES = '/lib/modules'
const FLAGS = ['/var/run/reboot-required', '/run/reboot-required'] as const
/** Written by libzypp when it installs what the machine has to be started again for, and by transactional-update. */
const SUSE_FLAGS = ['/run/reboot-needed', '/var/run/reboot-needed'] as const
const CONTAINER_MARKS = ['/run/systemd/container', '/run/.containerenv', '/.dockerenv'] as const

/**
 * Whether Debian or Ubuntu owes a restart: a package asked for one, or a newer kernel is installed than runs. The file
 * is written only where update-notifier or unattended-upgrades is installed, so without it the kernel must agree.
 */
export async function isRestartOwedByApt(host: Host): Promise<boolean | null> {
  const flags = await Promise.all(FLAGS.map((path) => host.readFile(path)))
  // Two names of one file, as /var/run is a link to /run.
  const isAsked = flags.some((flag) => flag.ok) ? true : flags.some(isMissing) ? false : null
  if (isAsked) return true
  return anyOf([isAsked, await isKernelReplaced(host)])
}

/** The same of SUSE, whose older releases write no such file: without it the kernel must tell. */
export async function isRestartOwedByZypper(host: Host): Promise<boolean | null> {
  const flags = await Promise.all(SUSE_FLAGS.map((path) => isThere(host, path)))
  return flags.includes(true) ? true : isKernelReplaced(host)
}

/**
 * Whether a newer kernel of the running one's flavour is installed; null where the kernel is not the machine's own. Arch
 * and Alpine remove the kernel that runs when they install a newer one: `keepsRunning` is false there.
 */
export async function isKernelReplaced(host: Host, { keepsRunning = true } = {}): Promise<boolean | null> {
  const [running, folder] = await Promise.all([host.readFile(KERNEL), host.readDirectory(MODULES)])
  if (!running.ok || !folder.ok) return null
  const release = running.text.trim()
  // The kernel of WSL and that of a container's host are not updated from within.
  if (/microsoft/i.test(release) || (keepsRunning && !folder.names.includes(release))) return null
  const marks = await Promise.all(CONTAINER_MARKS.map((path) => host.readFile(path)))
  if (marks.some((mark) => mark.ok)) return null

  // A removed kernel leaves its folder behind where somebody built modules for it, and headers make one of their own.
  const isInstalled = (kernel: string) => isThere(host, `${MODULES}/${kernel}/modules.dep`)
  const isNewerInstalled = anyOf(await Promise.all(newerKernels(release, folder.names).map(isInstalled)))
  if (isNewerInstalled !== false) return isNewerInstalled
  // No newer one is an answer only where the running one itself is installed.
  return (await isInstalled(release)) === true ? false : null
}

function isMissing(file: { ok: true } | Unread): boolean {
  return !file.ok && file.reason === 'missing'
}
