import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Listing } from './answer.ts'

/**
 * Reads `apt list --upgradable`: `NAME/SUITE,SUITE VERSION ARCHITECTURE [upgradable from: OLD]`, with the words in the
 * brackets in the language of whoever asked. Suites come without their origin, and a fix that a newer version without
 * the label replaced is not told: none here does not mean that none is missing.
 */
export function readAptList(stdout: string): Fact<Listing> {
  const pending = new Set<string>()
  const security = new Set<string>()
  for (const line of stdout.split(/\r?\n/)) {
    const [, name, suites = '', arch, from = ''] = /^([^\s/]+)\/(\S+) \S+ (\S+) \[([^\]]*)\]\s*$/.exec(line) ?? []
    if (name === undefined || arch === undefined || !/\d/.test(from)) {
      if (!isAround(line)) return unreadable('apt prints something else than packages')
      continue
    }
    pending.add(`${name}:${arch}`)
    if (suites.split(',').some((suite) => SECURITY.test(suite))) security.add(`${name}:${arch}`)
  }
  const isAnswer = pending.size > 0 || /^Listing\.\.\.(?: Done)?\s*$/m.test(stdout)
  return isAnswer ? value({ pending, security }) : unreadable('apt lists nothing')
}

/** `testing-security` holds next to nothing, and says nothing. */
const SECURITY = /^(?!testing|unstable).+-security$/

/** The heading, the warning that this is not for programs, and the hint at other versions, in any language. */
const isAround = (line: string): boolean =>
  line.trim() === '' || /^(?:WARNING: |N: |Listing\.\.\.)/.test(line) || /^[^/[\]]*(?:\.\.\.|…)[^/[\]]*$/.test(line)
