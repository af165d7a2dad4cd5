import type { Host } from '../../host/host.ts'
import { readApkList } from './apk-list.ts'
import { countedWithoutClass, lastWritten, notCounted, type Answer, type Count } from './answer.ts'
import { isKernelReplaced } from './reboot.ts'
import { lasting, passing, rememberLast, stateOf, stateOfFirst, type Computed } from './remember.ts'

/** The database of what is installed, of apk 2 and 3. */
const DATABASES = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'] as const
/** Where the indexes lie; the second is where an admin has apk keep packages too. */
const CACHES = ['/var/cache/apk', '/etc/apk/cache'] as const
const LIST = ['--no-network', 'version', '-l', '<'] as const

/** Reads Alpine. Its packages have no security class. */
export function apkReader(): (host: Host) => Promise<Answer> {
  const remember = rememberLast<Count>()
  return async (host) => {
    const folders = await Promise.all(CACHES.map((path) => host.readDirectory(path)))
    const indexes = folders.flatMap((folder, n) =>
      folder.ok
        ? folder.names.filter((name) => /^APKINDEX\..*\.gz$/.test(name)).map((name) => `${CACHES[n]}/${name}`)
        : [],
    )
    const packages = await stateOfFirst(host, DATABASES)
    const state = indexes.length > 0 ? await stateOf(host, indexes) : null
    const count = await remember(state && packages ? [state, packages].join('\n') : null, () =>
      countMissing(host, indexes.length > 0),
    )
    const lastCheckedAt = await lastWritten(host, indexes)
    const lastInstalledAt = await lastWritten(host, DATABASES)
    return {
      count,
      source: `apk ${LIST.join(' ')}`,
      lastInstalledAt,
      lastCheckedAt,
      automatic: null,
      rebootRequired: await isKernelReplaced(host, { keepsRunning: false }),
    }
  }
}

async function countMissing(host: Host, hasIndex: boolean): Promise<Computed<Count>> {
  // Without an index nothing is newer than what is installed.
  if (!hasIndex) return lasting(notCounted('apk has no index of packages'))
  const ran = await host.run('apk', LIST)
  if (!ran.ok) return passing(notCounted(ran.why))
  const found = ran.exitCode === 0 ? readApkList(ran.stdout) : null
  if (found?.kind !== 'value') {
    return passing(notCounted(found?.why ?? `apk ended with ${ran.exitCode}`))
  }
  return lasting(countedWithoutClass(found.value.size, 'Alpine'))
}
