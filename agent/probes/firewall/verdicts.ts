/** What the rules of a chain do with a packet that comes in unasked; a rule that does not concern it is left out. */
export type Verdict = 'accept' | 'drop' | 'return' | { jump: string } | { goto: string }

export type Chains = ReadonlyMap<string, readonly Verdict[]>

/** `fall`: the chain says nothing about it. */
type Fate = 'accept' | 'drop' | 'fall'

/**
 * What becomes of the unasked packet in a chain and those it jumps to. A chain's fate depends on nothing but the
 * chain, so each is walked once, however often it is jumped to.
 */
export function fateIn(chain: string, chains: Chains, known = new Map<string, Fate>()): Fate {
  const before = known.get(chain)
  if (before) return before
  // The kernel refuses loops; in a broken input one ends here.
  known.set(chain, 'fall')
  const fate = walk(chains.get(chain) ?? [], (target) => fateIn(target, chains, known))
  known.set(chain, fate)
  return fate
}

function walk(verdicts: readonly Verdict[], fateOf: (chain: string) => Fate): Fate {
  for (const verdict of verdicts) {
    if (verdict === 'return') return 'fall'
    if (verdict === 'accept' || verdict === 'drop') return verdict
    if ('goto' in verdict) return fateOf(verdict.goto)
    const fate = fateOf(verdict.jump)
    if (fate !== 'fall') return fate
  }
  return 'fall'
}
