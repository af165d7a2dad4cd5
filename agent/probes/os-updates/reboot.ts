import type { Host } from '../../host/host.ts'
import { anyOf, isThere } from './answer.ts'
import { newerKernels } from './kernels.ts'

const KERNEL = '/proc/sys/kernel/osrelease'
const MODULES = '/lib/modules'
/**
 * Files that are there when a restart is owed, and gone after it: of update-notifier and unattended-upgrades, with the
 * packages that asked for it, and of libzypp and transactional-update.
 */
export const RESTART_FLAGS = {
  apt: [
    '/var/run/reboot-required',
    '/run/reboot-required',
    '/var/run/reboot-required.pkgs',
    '/run/reboot-required.pkgs',
  ],
  zypper: ['/run/reboot-needed', '/var/run/reboot-needed'],
} as const
const CONTAINER_MARKS = ['/run/systemd/container', '/run/.containerenv', '/.dockerenv'] as const

/**
 * Whether Debian or Ubuntu owes a restart: a package asked for one, or a newer kernel is installed than runs. The flag
 * is written only where one of those packages is installed, so without it the kernel must agree, or `needrestart` must.
 */
export async function isRestartOwedByApt(
  host: Host,
  askNeedrestart: () => Promise<boolean | null>,
): Promise<boolean | null> {
  const isAsked = await isFlagged(host, RESTART_FLAGS.apt)
  if (isAsked) return true
  const isReplaced = await isKernelReplaced(host)
  return anyOf([isAsked, isReplaced ?? ((await hasOwnKernel(host)) ? await askNeedrestart() : null)])
}

/** The same of SUSE, whose older releases write no such file: without it the kernel must tell. */
export async function isRestartOwedByZypper(host: Host): Promise<boolean | null> {
  return (await isFlagged(host, RESTART_FLAGS.zypper)) ? true : isKernelReplaced(host)
}

/** Each flag has two names, as /var/run is a link to /run: one that is missing under either is missing. */
async function isFlagged(host: Host, flags: readonly string[]): Promise<boolean | null> {
  const files = await Promise.all(flags.map((path) => isThere(host, path)))
  return files.includes(true) ? true : files.includes(false) ? false : null
}

/** Not the kernel of WSL, nor that of a container's host: those are not updated from within. */
async function hasOwnKernel(host: Host): Promise<boolean> {
  const running = await host.readFile(KERNEL)
  if (!running.ok || /microsoft/i.test(running.text)) return false
  const marks = await Promise.all(CONTAINER_MARKS.map((path) => host.readFile(path)))
  return !marks.some((mark) => mark.ok)
}

/**
 * Whether a newer kernel of the running one's flavour is installed; null where the kernel is not the machine's own. Arch
 * and Alpine remove the kernel that runs when they install a newer one: `keepsRunning` is false there.
 */
export async function isKernelReplaced(host: Host, { keepsRunning = true } = {}): Promise<boolean | null> {
  const [running, folder] = await Promise.all([host.readFile(KERNEL), host.readDirectory(MODULES)])
  if (!running.ok || !folder.ok) return null
  const release = running.text.trim()
  if ((keepsRunning && !folder.names.includes(release)) || !(await hasOwnKernel(host))) return null

  // A removed kernel leaves its folder behind where somebody built modules for it, and headers make one of their own.
  const isInstalled = (kernel: string) => isThere(host, `${MODULES}/${kernel}/modules.dep`)
  const isNewerInstalled = anyOf(await Promise.all(newerKernels(release, folder.names).map(isInstalled)))
  if (isNewerInstalled !== false) return isNewerInstalled
  // No newer one is an answer only where the running one itself is installed.
  return (await isInstalled(release)) === true ? false : null
}
