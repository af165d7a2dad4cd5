import type { Host } from '../../host/host.ts'

/** What was computed, and whether the same inputs would give the same again: a time-out would not. */
export type Computed<T> = { result: T; repeatable: boolean }

export const lasting = <T>(result: T): Computed<T> => ({ result, repeatable: true })
export const passing = <T>(result: T): Computed<T> => ({ result, repeatable: false })

/** Computes only when the key is another one than last time; without a key, always. */
export type Remember<T> = (key: string | null, compute: () => Promise<Computed<T>>) => Promise<T>

/** A memory of one result, of whoever holds it. */
export function rememberLast<T>(): Remember<T> {
  let last: { key: string; result: T } | undefined
  return async (key, compute) => {
    if (key !== null && last?.key === key) return last.result
    const { result, repeatable } = await compute()
    last = key !== null && repeatable ? { key, result } : undefined
    return result
  }
}

/** Changes whenever one of the files does; null where one of them cannot be looked at. */
export async function stateOf(host: Host, paths: readonly string[]): Promise<string | null> {
  const files = await Promise.all(paths.map((path) => host.stat(path)))
  const states = files.map((file, n) => (file.ok ? `${paths[n]} ${file.modifiedAt.getTime()} ${file.bytes}` : null))
  return states.includes(null) ? null : states.join('\n')
}

/** The same of the first of the paths that can be looked at: a database lies in another place in each version. */
export async function stateOfFirst(host: Host, paths: readonly string[]): Promise<string | null> {
  const states = await Promise.all(paths.map((path) => stateOf(host, [path])))
  return states.find((state) => state !== null) ?? null
}
