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

/**
 * The variables of an operator's file with other values. Each name has to stand in it, set or as a comment.
 * @throws Error
 */
export function environmentOf(example: string, values: Record<string, string>): Record<string, string> {
  for (const [, name = ''] of example.matchAll(/^(\w+)=/gm))
    if (values[name] === undefined) throw new Error(`the test fills in no ${name}`)
  for (const name of Object.keys(values))
    if (!new RegExp(`^#? ?${name}=`, 'm').test(example)) throw new Error(`the example has no ${name}`)
  return values
}
