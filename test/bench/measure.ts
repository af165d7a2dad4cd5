/** CPU time of this process over some work, in microseconds for each of `count` things. */
export async function cpuEach(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

/** One line of a table: what, its figure, and how it stands to its budget. */
export function line(what: string, figure: string, budget = ''): void {
  console.log(`  ${what.padEnd(58)} ${figure.padStart(14)}  ${budget}`)
}

export const micros = (us: number): string => `${us.toFixed(1)} us`
export const ratio = (it: number): string => it.toFixed(2)
