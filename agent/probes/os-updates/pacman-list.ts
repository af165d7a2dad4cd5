import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/**
 * The packages that `pacman -Qu` has newer versions of: `NAME OLD -> NEW`, with `[ignored]` behind those that are never
 * updated by themselves. It ends with 1 where it has none, and also where it fails: so nothing at all is no answer here.
 */
export function readPacmanList(stdout: string): Fact<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const line of stdout.split('\n')) {
    if (line.trim() === '' || /^(?:warning|:: )/.test(line)) continue
    const [, name] = /^(\S+) \S+ -> \S+(?: \[[^\]]+\])?\s*$/.exec(line) ?? []
    if (name === undefined) return unreadable('pacman prints something else than updates')
    names.add(name)
  }
  return names.size > 0 ? value(names) : unreadable('pacman lists no update')
}
