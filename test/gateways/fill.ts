/**
 * Fills in an operator's file. Each text has to stand in it, so that an example cannot drift away from what is tested.
 * @throws Error
 */
export function filledIn(example: string, values: Record<string, string>): string {
  let filled = example
  for (const [from, to] of Object.entries(values)) {
    if (!filled.includes(from)) throw new Error(`the example has no ${from}`)
    filled = filled.replaceAll(from, to)
  }
  return filled
}
