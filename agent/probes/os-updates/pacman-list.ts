import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { withoutColours } from '../printable.ts'

/**
 * The packages that `pacman -Qu` has newer versions of. It ends with 1 where nothing is to be updated; a failure does the
 * same, but says why. `checkupdates`, which has the same list, ends with 2 (`none`).
 */
export function readPacman(exitCode: number, output: string, none = 1): Fact<ReadonlySet<string>> {
  if (exitCode === none && output.trim() === '') return value(new Set())
  return exitCode === 0 ? readPacmanList(output) : unreadable(`pacman ended with ${exitCode}`)
}

/**
 * Reads its lines: `NAME OLD -> NEW`, with `[ignored]` behind those that are never updated by themselves. Nothing at all
 * is no answer here.
 */
export function readPacmanList(stdout: string): Fact<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const line of withoutColours(stdout).split('\n')) {
    if (line.trim() === '' || /^(?:warning|:: )/.test(line)) continue
    const [, name] = /^(\S+) \S+ -> \S+(?: \[[^\]]+\])?\s*$/.exec(line) ?? []
    if (name === undefined) return unreadable('pacman prints something else than updates')
    names.add(name)
  }
  return names.size > 0 ? value(names) : unreadable('pacman lists no update')
}
