import { MusterError } from '../../shared/errors.ts'
import type { Store } from '../../collector/store/store.ts'

/** A store whose writes are done and answered when the test says so, in the order in which they were asked for. */
export type HeldStore = Store & {
  /** The writes that wait, by their names. */
  waiting(): string[]
  /** Does the first writes that wait, those that were asked for together, and answers them. */
  answer(): Promise<void>
  /** Refuses them: nothing of them is kept. */
  refuse(): Promise<void>
  /** Refuses the first one alone. */
  refuseOne(): Promise<void>
  /** Does them and never answers, as when the process ends between the two. */
  performOnly(): Promise<void>
}

const WRITES = [
  'saveReport',
  'saveOutcome',
  'setStatus',
  'setIdentity',
  'setTags',
  'setOwner',
  'setBootIds',
  'removeDevice',
  'enroll',
] as const satisfies readonly (keyof Store)[]

type Held = {
  turn: number
  name: string
  run: () => Promise<unknown>
  done: (result: unknown) => void
  failed: (error: unknown) => void
}

/** Lets whatever can go on without the store go on. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const refused = () => new MusterError('store-unavailable', 'the test refuses it')

export function heldStore(store: Store): HeldStore {
  const held: Held[] = []
  /** What is asked for in one turn of the event loop is one transaction, as in SQLite. */
  let turn = 0
  let isCounting = false
  const turnNow = () => {
    if (!isCounting) {
      isCounting = true
      setImmediate(() => {
        isCounting = false
        turn += 1
      })
    }
    return turn
  }
  const shift = () => {
    const first = held[0]?.turn
    const end = held.findIndex((it) => it.turn !== first)
    return held.splice(0, end === -1 ? held.length : end)
  }
  const hold = (name: (typeof WRITES)[number]) => {
    const write = store[name] as (...args: unknown[]) => Promise<unknown>
    return (...args: unknown[]) =>
      new Promise<unknown>(
        (done, failed) => void held.push({ turn: turnNow(), name, run: () => write(...args), done, failed }),
      )
  }
  return {
    ...store,
    ...(Object.fromEntries(WRITES.map((name) => [name, hold(name)])) as Pick<Store, (typeof WRITES)[number]>),
    waiting: () => held.map(({ name }) => name),
    async answer() {
      const first = shift()
      const results = await Promise.all(first.map(({ run }) => run()))
      for (const [index, { done }] of first.entries()) done(results[index])
      await nextTurn()
    },
    async refuse() {
      for (const { failed } of shift()) failed(refused())
      await nextTurn()
    },
    async refuseOne() {
      held.shift()?.failed(refused())
      await nextTurn()
    },
    async performOnly() {
      await Promise.all(shift().map(({ run }) => run()))
    },
  }
}
