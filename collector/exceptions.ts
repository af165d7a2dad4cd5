import { randomBytes } from 'node:crypto'
import { MusterError } from '../shared/errors.ts'
import { exceptionProblem, type Exception, type ExceptionAsked } from './appraisal/exception.ts'
import type { Store } from './store/store.ts'

/** The exceptions that were ever granted, in memory over the store. */
export type Exceptions = {
  /** The newest first. */
  all(): readonly Exception[]
  /** Those in force, and what has lapsed of late: a collector that was away tells what they held open, and when they ended. */
  counting(): readonly Exception[]
  /** @throws MusterError `exception-invalid` */
  grant(asked: ExceptionAsked): Promise<Exception>
  /** Ends one before its time. @throws MusterError `exception-unknown` where it is not in force */
  end(id: string, by: string): Promise<Exception>
  /** Told of those that count when one was granted or ended; time alone ends the others without a word. */
  onChange(listener: (counting: readonly Exception[]) => void): void
}

/** For how long a collector may be away and still tell at which moment an exception ended. */
const AWAY_MS = 30 * 86_400_000

export async function openExceptions(
  store: Pick<Store, 'loadExceptions' | 'addException' | 'endException'>,
  clock: () => Date,
): Promise<Exceptions> {
  let all: readonly Exception[] = await store.loadExceptions()
  const listeners: ((counting: readonly Exception[]) => void)[] = []
  const counting = () => {
    const before = new Date(clock().getTime() - AWAY_MS)
    return all.filter((exception) => isInForce(exception, before))
  }

  function use(next: readonly Exception[]): void {
    all = next
    const those = counting()
    for (const tell of listeners) tell(those)
  }

  return {
    all: () => all,
    counting,
    async grant(asked) {
      const now = clock()
      const problem = exceptionProblem(asked, now)
      if (problem !== null) throw new MusterError('exception-invalid', problem)
      const id = `exc_${randomBytes(9).toString('base64url')}`
      const exception: Exception = { id, ...asked, createdAt: now, endedAt: null }
      await store.addException(exception)
      use([exception, ...all])
      return exception
    },
    async end(id, by) {
      const now = clock()
      const isThere = all.some((it) => it.id === id && isInForce(it, now))
      if (!isThere || !(await store.endException(id, now, by))) {
        throw new MusterError('exception-unknown', `no exception ${id} is in force`)
      }
      use(all.map((it) => (it.id === id ? { ...it, endedAt: now } : it)))
      const ended = all.find((it) => it.id === id)
      if (!ended) throw new MusterError('exception-unknown')
      return ended
    },
    onChange: (listener) => void listeners.push(listener),
  }
}

/** Whether somebody may still rely on an exception. */
export function isInForce({ endedAt, expiresAt }: Exception, now: Date): boolean {
  return endedAt === null && expiresAt > now
}
