import type { Host } from '../../host/host.ts'
import { countedWithoutClass, lastWritten, notCounted, type Answer, type Count } from './answer.ts'
import { readPacman } from './pacman-list.ts'
import { isKernelReplaced } from './reboot.ts'
import { lasting, passing, rememberLast, stateOf, type Computed } from './remember.ts'

/** A folder of packages: each that comes or goes changes it. */
const PACKAGES = '/var/lib/pacman/local'
const LISTS = '/var/lib/pacman/sync'
const LIST = ['-Qu'] as const

/** Reads Arch and what is made of it. Its packages have no security class. */
export function pacmanReader(): (host: Host) => Promise<Answer> {
  const remember = rememberLast<Count>()
  return async (host) => {
    const folder = await host.readDirectory(LISTS)
    const names = folder.ok ? folder.names.filter((name) => name.endsWith('.db')) : []
    const lists = names.map((name) => `${LISTS}/${name}`)
    const state = lists.length > 0 ? await stateOf(host, [PACKAGES, ...lists]) : null
    const count = await remember(state, () => countMissing(host, names))
    const lastCheckedAt = await lastWritten(host, lists)
    const lastInstalledAt = await lastWritten(host, [PACKAGES])
    return {
      count,
      source: `pacman ${LIST.join(' ')}`,
      lastInstalledAt,
      lastCheckedAt,
      automatic: null,
      rebootRequired: await isKernelReplaced(host, { keepsRunning: false }),
    }
  }
}

/** The list that the system itself comes from; `system` is that of Artix. */
const OWN_LIST = /^(?:core|system)(?:-[\w.]+)?\.db$/

async function countMissing(host: Host, lists: readonly string[]): Promise<Computed<Count>> {
  // Without lists everything is the newest there is.
  if (!lists.some((name) => OWN_LIST.test(name))) return lasting(notCounted('pacman has no package lists'))
  const ran = await host.run('pacman', LIST)
  if (!ran.ok) return passing(notCounted(ran.why))
  const found = readPacman(ran.exitCode, ran.exitCode === 0 ? ran.stdout : `${ran.stdout}${ran.stderr}`)
  if (found.kind !== 'value') return passing(notCounted(found.why))
  return lasting(countedWithoutClass(found.value.size, 'Arch Linux'))
}
