/** Judges many devices again without making anybody wait. */
export type Sweep = {
  /** Begins with these devices, every one there is. What an earlier change left undone comes first. */
  begin(ids: Iterable<string>): void
  /** Puts a few before the others: those whose moment has come. */
  add(ids: readonly string[]): void
  /** How far the newest change has come. */
  progress(): { done: number; total: number }
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>
}

/** How long the event loop is held at a time; a decision that comes in meanwhile waits no longer than this. */
const SLICE_MS = 4

export type SweepOptions = {
  visit: (id: string) => void
  /** Lets what was concluded be written before there is more of it. */
  written: () => Promise<void>
}

export function openSweep({ visit, written }: SweepOptions): Sweep {
  const due: string[] = []
  let all: string[] = []
  /** The round begins anywhere and ends where it began. */
  let first = 0
  let done = 0
  let running: Promise<void> | null = null

  const isOver = () => due.length === 0 && done === all.length

  function visitNext(): void {
    const id = due.pop() ?? all[(first + done++) % all.length]
    if (id !== undefined) visit(id)
  }

  async function run(): Promise<void> {
    await nextTurn()
    while (!isOver()) {
      const end = performance.now() + SLICE_MS
      while (!isOver() && performance.now() < end) visitNext()
      await written()
      if (!isOver()) await nextTurn()
    }
    running = null
  }

  function start(): void {
    running ??= run()
  }

  async function settled(): Promise<void> {
    if (running) await running.then(settled)
  }

  return {
    begin(ids) {
      first = (first + done) % (all.length || 1)
      all = [...ids]
      done = 0
      start()
    },
    add(ids) {
      for (const id of ids) due.push(id)
      start()
    },
    progress: () => ({ done, total: all.length }),
    settled,
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
