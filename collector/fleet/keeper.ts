import type { Outcome, Store } from '../store/store.ts'

/** Sees that what was concluded gets written, in order and nothing twice, however long the store is away. */
export type Keeper = {
  /** Writes an outcome soon; what of the device is not written yet goes with it. */
  keep(id: string, outcome: Outcome): void
  /** Takes what is not written yet out, for a report that writes it along with its own. */
  take(id: string): Outcome | null
  /** Puts back what could not be written. */
  putBack(id: string, outcome: Outcome): void
  /** Whether something of this device is not written yet. */
  owes(id: string): boolean
  /** Tries again what failed. */
  retry(): void
  /** Resolves when nothing of this device is being written. */
  written(id: string): Promise<void>
  /** Resolves when nothing is being written. */
  idle(): Promise<void>
}

export function openKeeper(store: Pick<Store, 'saveOutcome'>, onFailure: (error: unknown) => void): Keeper {
  const owed = new Map<string, Outcome>()
  const writing = new Map<string, Promise<void>>()

  async function write(id: string): Promise<void> {
    // A report that comes with what was concluded just before it writes both.
    await Promise.resolve()
    for (let outcome = owed.get(id); outcome; outcome = owed.get(id)) {
      owed.delete(id)
      try {
        await store.saveOutcome(id, outcome)
      } catch (error) {
        putBack(id, outcome)
        onFailure(error)
        break
      }
    }
    writing.delete(id)
  }

  function begin(id: string): void {
    if (!writing.has(id)) writing.set(id, write(id))
  }

  function putBack(id: string, outcome: Outcome): void {
    const later = owed.get(id)
    owed.set(id, later ? together(outcome, later) : outcome)
  }

  return {
    keep(id, outcome) {
      const earlier = owed.get(id)
      owed.set(id, earlier ? together(earlier, outcome) : outcome)
      begin(id)
    },
    take(id) {
      const outcome = owed.get(id) ?? null
      owed.delete(id)
      return outcome
    },
    putBack,
    owes: (id) => owed.has(id) || writing.has(id),
    retry() {
      for (const id of owed.keys()) begin(id)
    },
    async written(id) {
      while (writing.has(id)) await writing.get(id)
    },
    async idle() {
      while (writing.size > 0) await Promise.all(writing.values())
    },
  }
}

/** Two outcomes of one device as one: the later conclusion, and every change of both. */
export function together(earlier: Outcome, later: Outcome): Outcome {
  return {
    conclusion: later.conclusion,
    transitions: [...earlier.transitions, ...later.transitions],
    standingChanges: [...earlier.standingChanges, ...later.standingChanges],
  }
}
