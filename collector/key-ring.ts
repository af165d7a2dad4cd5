import { MusterError } from '../shared/errors.ts'
import type { Clock } from './clock.ts'
import { advanced, nextDue, rotationDue, shifted, type PlannedKey } from './protocol/key-plan.ts'

/** The keys of one purpose, each of which takes over from the one before it in time. */
export type KeyRing<Key extends PlannedKey> = {
  /** As they have to be now. */
  keys(): readonly Key[]
  active(): Key
  /** Publishes a successor of the active key, which takes over at the end of its wait; gives back the one on its way. */
  rotate(): Key
  close(): void
}

export type KeyRingOptions<Key extends PlannedKey> = {
  keys: readonly Key[]
  make: (state: 'next', since: Date) => Key
  /** Puts them on disk. */
  write: (keys: readonly Key[]) => void
  /** Where that is. */
  file: string
  /** A key gets a successor after so many days; 0: never by itself. */
  keyDays: number
  /** For how many seconds a retired key is still needed; else as long as attestations have it. */
  keptSeconds?: number
  clock: Clock
  /** A change of keys that could not be written: the keys of before stay in use, and it is tried again. */
  onError: (error: unknown) => void
  /** Told of each change once it is on disk. */
  onChange: (keys: readonly Key[]) => void
}

const LOOK_MS = 60_000

export function openKeyRing<Key extends PlannedKey>(options: KeyRingOptions<Key>): KeyRing<Key> {
  const { make, write, file, keyDays, keptSeconds, clock, onError, onChange } = options
  let keys: readonly Key[] = options.keys
  let due: Date | null = null
  use(keys)

  function use(next: readonly Key[]): void {
    keys = next
    due = nextDue(keys, keyDays, keptSeconds)
  }

  /** On disk before it is in use: a key that signed is never lost. */
  function change(next: readonly Key[]): void {
    if (next === keys) return
    try {
      write(next)
    } catch (error) {
      throw new MusterError('store-unavailable', `${file} cannot be written`, { cause: error })
    }
    use(next)
    onChange(next)
  }

  function look(): readonly Key[] {
    const now = clock.now()
    if (due === null || now < due) return keys
    try {
      change(advanced(keys, now, keptSeconds))
      if (now >= (rotationDue(keys, keyDays) ?? Infinity)) change([...keys, make('next', now)])
    } catch (error) {
      due = new Date(now.getTime() + LOOK_MS)
      onError(error)
    }
    return keys
  }

  clock.onSet((milliseconds) => use(shifted(keys, milliseconds)))
  // So that a key is published and taken into use in time also where nobody asks.
  const timer = setInterval(look, LOOK_MS).unref()

  return {
    keys: look,
    active() {
      const active = look().find(({ state }) => state === 'active')
      if (!active) throw new MusterError('internal', 'no key is active')
      return active
    },
    rotate() {
      look()
      const waiting = keys.find(({ state }) => state === 'next')
      const next = waiting ?? make('next', clock.now())
      if (!waiting) change([...keys, next])
      return next
    },
    close: () => clearInterval(timer),
  }
}
