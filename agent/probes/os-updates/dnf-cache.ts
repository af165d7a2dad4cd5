import type { Host } from '../../host/host.ts'
import { lastWritten } from './answer.ts'

/** A repository as it stands in a cache: its id and where its index lies. */
export type Repository = { id: string; folder: string; repomd: string }

/** dnf 4 and 5 keep each repository in a folder named by its id and a number: `updates-0123456789abcdef`. */
export async function dnfRepositories(host: Host, cache: string): Promise<Repository[]> {
  const folder = await host.readDirectory(cache)
  return (folder.ok ? folder.names : []).flatMap((name) => {
    const id = /^(.+)-[0-9a-f]{16}$/.exec(name)?.[1]
    return id === undefined
      ? []
      : [{ id, folder: `${cache}/${name}/repodata`, repomd: `${cache}/${name}/repodata/repomd.xml` }]
  })
}

/** yum keeps them by architecture and release of the system: `/var/cache/yum/x86_64/7/updates`. */
export async function yumRepositories(host: Host, cache: string): Promise<Repository[]> {
  const within = async (paths: readonly string[]) => {
    const folders = await Promise.all(paths.map((path) => host.readDirectory(path)))
    return folders.flatMap((folder, n) => (folder.ok ? folder.names.map((name) => `${paths[n]}/${name}`) : []))
  }
  const folders = await within(await within(await within([cache])))
  return folders.map((folder) => ({
    id: folder.slice(folder.lastIndexOf('/') + 1),
    folder,
    repomd: `${folder}/repomd.xml`,
  }))
}

/**
 * The repositories in which the distributions publish their packages and advisories. A vendor's own, or EPEL, has
 * some too: they say nothing of what the system lacks.
 */
const DISTRIBUTION =
  /^(?:updates|baseos|rhel-\d+-for-\w+-baseos(?:-\w+)*-rpms|rhel-7-\w+-rpms|ol\d+_baseos_latest|ol7_latest|amazonlinux|amzn2-core)$/

export const isDistribution = ({ id }: Repository): boolean => DISTRIBUTION.test(id)

/** Whether one of the repositories has an index, and whether one has advisories in it. */
export async function contentOf(
  host: Host,
  repositories: readonly Repository[],
): Promise<{ hasIndex: boolean; hasAdvisories: boolean }> {
  const indexes = await Promise.all(repositories.map(({ repomd }) => host.readFile(repomd)))
  return {
    hasIndex: indexes.some((index) => index.ok && /<data\s+type="primary(?:_db)?"/.test(index.text)),
    hasAdvisories: indexes.some((index) => index.ok && /<data\s+type="updateinfo"/.test(index.text)),
  }
}

/** When the cache was last fetched or found to be current: dnf 4 marks the latter on the list of packages alone. */
export async function checkedAt(host: Host, repositories: readonly Repository[]): Promise<Date | null> {
  const folders = await Promise.all(repositories.map(({ folder }) => host.readDirectory(folder)))
  const lists = folders.flatMap((folder, n) =>
    folder.ok
      ? folder.names
          .filter((name) => /primary\.(?:xml|sqlite)|^cachecookie$/.test(name))
          .map((name) => `${repositories[n]?.folder}/${name}`)
      : [],
  )
  return lastWritten(host, [...repositories.map(({ repomd }) => repomd), ...lists])
}
