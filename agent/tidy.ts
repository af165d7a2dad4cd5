/** Collects all garbage and gives the room of it back to the system; there is one where Node runs with `--expose-gc`. */
type Collect = () => void

const GROWN_BYTES = 3 * 1024 * 1024

/**
 * Makes a function to call when work is done. V8 collects garbage when it needs room, and an agent at rest needs none for
 * hours: what a reading of package lists leaves behind would stay as long, and costs more memory than all else of the
 * agent. A collection costs as much CPU as a reading, so it is made only when the process has grown since the last.
 */
export function tidier(
  collect: Collect | undefined = collectAll(),
  residentBytes: () => number = () => process.memoryUsage.rss(),
): () => void {
  let settled = 0
  return () => {
    if (!collect || residentBytes() - settled < GROWN_BYTES) return
    collect()
    settled = residentBytes()
  }
}

function collectAll(): Collect | undefined {
  const { gc } = globalThis
  return gc && (() => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }))
}
