import type { Host } from '../host/host.ts'

/** What was answered last, and when it was asked. */
type Answered<T> = { answer: T; askedAt: Date }

/** A source that takes too long for a reading: it is asked in the background, and its last answer is what a reading gets. */
export type SlowSource<T> = {
  /**
   * The last answer, which may be older than the key; null while there is none yet. Asks again where the answer is older
   * than it may be, or was asked for under another key.
   */
  read(host: Host, key: string): Promise<Answered<T> | null>
  /** How many answers came so far: it changes when there is something new to read. */
  answers(): number
  /** Ends when nothing is being asked. */
  settled(): Promise<void>
}

/** Asks at most once at a time, and again only after `keptMs`. An answer that is there at once is waited for. */
export function slowSource<T>(ask: (host: Host) => Promise<T>, keptMs: number): SlowSource<T> {
  let last: (Answered<T> & { key: string }) | null = null
  let asking: Promise<void> | null = null
  let answers = 0

  async function askNow(host: Host, key: string): Promise<void> {
    const askedAt = host.now()
    const answer = await ask(host)
    last = { answer, askedAt, key }
    answers += 1
  }

  return {
    async read(host, key) {
      const age = last ? host.now().getTime() - last.askedAt.getTime() : Infinity
      // A clock that was set back must not keep an answer for longer.
      const isKept = last?.key === key && age >= 0 && age < keptMs
      if (!isKept && !asking) {
        asking = askNow(host, key)
          .catch(() => undefined)
          .finally(() => (asking = null))
      }
      // A recording has every answer at hand, and only one reading.
      if (asking) await Promise.race([asking, nextTurn()])
      return last
    },
    answers: () => answers,
    async settled() {
      await asking
    },
  }
}

/** What needs no waiting is done before the next turn of the event loop. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
