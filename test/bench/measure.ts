/** CPU time of this process over some work, in microseconds for each of `count` things. */
export async function cpuEach(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

/** The longest time in milliseconds for which the event loop was held during some work. */
export async function longestHold(work: () => Promise<unknown>): Promise<number> {
  let [longest, last, isOver] = [0, performance.now(), false]
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await work()
  isOver = true
  return longest
}

/** One line of a table: what, its figure, and how it stands to its budget. */
export function line(what: string, figure: string, budget = ''): void {
  console.log(`  ${what.padEnd(58)} ${figure.padStart(14)}  ${budget}`)
}

export const micros = (us: number): string => `${us.toFixed(1)} us`
export const ratio = (it: number): string => it.toFixed(2)
export const millis = (us: number): string => `${(us / 1000).toFixed(0)} ms`
