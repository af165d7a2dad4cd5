/** What the sources are waited for with. It returns the function that ends the wait. */
export type Timers = { after(ms: number, action: () => void): () => void }

/** Timers that keep no process alive: who only asks for something is not held up by them. */
export const realTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms).unref()
    return () => clearTimeout(timer)
  },
}
