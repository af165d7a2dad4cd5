import type { Host } from '../../host/host.ts'
import { readApkList } from './apk-list.ts'
import { countedWithoutClass, newest, notCounted, writtenAt, type Answer, type Count } from './answer.ts'
import { isKernelReplaced } from './reboot.ts'
import { rememberLast, stateOf, type Computed } from './remember.ts'

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
    const databases = await Promise.all(DATABASES.map((path) => stateOf(host, [path])))
    const packages = databases.find((state) => state !== null)
    const state = indexes.length > 0 ? await stateOf(host, indexes) : null
    const count = await remember(state && packages ? [state, packages].join('\n') : null, () =>
      countMissing(host, indexes.length > 0),
    )
    const lastCheckedAt = newest(await writtenAt(host, indexes))
    const lastInstalledAt = newest(await writtenAt(host, DATABASES))
    return {
      value: {
        pendingSecurity: count.pendingSecurity,
        pending: count.pending,
        lastInstalledAt: lastInstalledAt?.toISOString() ?? null,
        lastCheckedAt: lastCheckedAt?.toISOString() ?? null,
        automatic: null,
        rebootRequired: await isKernelReplaced(host, { keepsRunning: false }),
      },
      why: count.why,
      source: `apk ${LIST.join(' ')}`,
    }
  }
}

async function countMissing(host: Host, hasIndex: boolean): Promise<Computed<Count>> {
  // Without an index nothing is newer than what is installed.
  if (!hasIndex) return { result: notCounted('apk has no index of packages'), repeatable: true }
  const ran = await host.run('apk', LIST)
  if (!ran.ok) return { result: notCounted(ran.why), repeatable: false }
  const found = ran.exitCode === 0 ? readApkList(ran.stdout) : null
  if (found?.kind !== 'value') {
    return { result: notCounted(found?.why ?? `apk ended with ${ran.exitCode}`), repeatable: false }
  }
  return { result: countedWithoutClass(found.value.size, 'Alpine'), repeatable: true }
}
