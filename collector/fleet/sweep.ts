/** Judges many devices again without making anybody wait. */
export type Sweep = {
  /** Begins with these devices; what an earlier change left undone is among them, since it asks for every device. */
  begin(ids: Iterable<string>): void
  /** Puts a few more at the end, those whose moment has come. */
  add(ids: readonly string[]): void
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
  let waiting: string[] = []
  let next = 0
  let running: Promise<void> | null = null

  async function run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (next < waiting.length) {
      const began = performance.now()
      while (next < waiting.length && performance.now() - began < SLICE_MS) {
        const id = waiting[next++]
        if (id !== undefined) visit(id)
      }
      await written()
      await new Promise((resolve) => setImmediate(resolve))
    }
    running = null
  }

  function start(): void {
    running ??= run()
  }

  return {
    begin(ids) {
      waiting = [...ids]
      next = 0
      start()
    },
    add(ids) {
      if (next === waiting.length) {
        waiting = []
        next = 0
      }
      waiting.push(...ids)
      start()
    },
    progress: () => ({ done: next, total: waiting.length }),
    async settled() {
      while (running) await running
    },
  }
}
