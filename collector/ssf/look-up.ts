/** Every address of a name. Rejects when the signal aborts: a look-up cannot be stopped, but need not be waited for. */
export type LookUp = (host: string, signal: AbortSignal) => Promise<string[]>

/**
 * Each holds one of the four threads of the process, on which signatures are made as well, for as long as the servers of the
 * name like: whoever names such receivers must not take all of them.
 */
const AT_ONCE = 2

type Asked = { promise: Promise<string[]>; begin: () => void; waiters: number }

/** Looks names up, few at a time, and the same name once for all who ask meanwhile. */
export function openLookUp(resolve: (host: string) => Promise<string[]>): LookUp {
  const asked = new Map<string, Asked>()
  const queue: { host: string; it: Asked }[] = []
  let running = 0

  function next(): void {
    while (running < AT_ONCE) {
      const first = queue.shift()
      if (!first) return
      running += 1
      first.it.begin()
    }
  }

  function ask(host: string): Asked {
    const { promise: turn, resolve: begin } = Promise.withResolvers<void>()
    const end = () => {
      running -= 1
      asked.delete(host)
      next()
    }
    const it = { promise: turn.then(() => resolve(host)).finally(end), begin, waiters: 0 }
    // Whoever waits hears of it; where nobody does any more, nobody has to.
    it.promise.catch(() => undefined)
    asked.set(host, it)
    queue.push({ host, it })
    return it
  }

  /** One that has not begun, and that nobody waits for, is not needed any more. */
  function leave(host: string, it: Asked): void {
    it.waiters -= 1
    const place = queue.findIndex((waiting) => waiting.it === it)
    if (it.waiters > 0 || place === -1) return
    queue.splice(place, 1)
    asked.delete(host)
  }

  return async (host, signal) => {
    if (signal.aborted) throw new Error('it was ended')
    const it = asked.get(host) ?? ask(host)
    it.waiters += 1
    next()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const end = () => reject(new Error('it was ended'))
    signal.addEventListener('abort', end, { once: true })
    try {
      return await Promise.race([it.promise, ended])
    } finally {
      signal.removeEventListener('abort', end)
      leave(host, it)
    }
  }
}
