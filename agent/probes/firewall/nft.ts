import { Type, type Static } from 'typebox'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { jsonParserOf, parserOf } from '../../../shared/schema.ts'
import { concerns, verdictsOf, type Family } from './nft-rule.ts'
import { itemsOfText } from './nft-text.ts'
import { fateIn, type Chains, type Verdict } from './verdicts.ts'

/** Of each address family whether an unasked packet is refused. */
export type Filtered = { ipv4: boolean; ipv6: boolean }

const Names = { family: Type.String(), table: Type.String() }
const Table = Type.Object({ family: Type.String(), name: Type.String(), flags: Type.Optional(Type.Unknown()) })
const Chain = Type.Object({
  ...Names,
  name: Type.String(),
  type: Type.Optional(Type.String()),
  hook: Type.Optional(Type.String()),
  policy: Type.Optional(Type.String()),
})
const Rule = Type.Object({
  ...Names,
  chain: Type.String(),
  expr: Type.Array(Type.Record(Type.String(), Type.Unknown())),
})
type Chain = Static<typeof Chain>
type Rule = Static<typeof Rule>

const parseRuleset = jsonParserOf(Type.Object({ nftables: Type.Array(Type.Record(Type.String(), Type.Unknown())) }))
const parseTable = parserOf(Table)
const parseChain = parserOf(Chain)
const parseRule = parserOf(Rule)

/** Reads `nft -j list ruleset`, as root sees it. No rules at all is an answer: nothing is refused. */
export function readNftRuleset(stdout: string): Fact<Filtered> {
  const ruleset = parseRuleset(stdout)
  const [first] = ruleset.ok ? ruleset.value.nftables : []
  if (!ruleset.ok || !first || !('metainfo' in first)) return unreadable('nft gave no list of rules')
  return filteredBy(ruleset.value.nftables)
}

/**
 * Whether `nft -j list ruleset` names conditions of iptables without telling them (an older nft does not even name them).
 * The text of the same has them in nft's own words.
 */
export const hidesConditions = (stdout: string): boolean => /"xt": *(?:null|\{[^{}]*"type": *"match")/.test(stdout)

/** The same of `nft list ruleset`, which an nft that was built without JSON has too. Without any rules it prints nothing. */
export function readNftText(stdout: string): Fact<Filtered> {
  const items = itemsOfText(stdout)
  return items ? filteredBy(items) : unreadable('nft gave no list of rules')
}

function filteredBy(items: readonly Readonly<Record<string, unknown>>[]): Fact<Filtered> {
  const dormant = new Set<string>()
  const entries: Chain[] = []
  const rules = new Map<string, Map<string, Rule[]>>()
  for (const item of items) {
    if ('table' in item) {
      const table = parseTable(item['table'])
      if (!table.ok) return unreadable(`nft lists a table of another shape: ${table.problem}`)
      if (JSON.stringify(table.value.flags ?? '').includes('dormant'))
        dormant.add(keyOf(table.value.family, table.value.name))
    } else if ('chain' in item) {
      const chain = parseChain(item['chain'])
      if (!chain.ok) return unreadable(`nft lists a chain of another shape: ${chain.problem}`)
      if (chain.value.hook === 'input' && chain.value.type === 'filter') entries.push(chain.value)
    } else if ('rule' in item) {
      const rule = parseRule(item['rule'])
      if (!rule.ok) return unreadable(`nft lists a rule of another shape: ${rule.problem}`)
      const { family, table, chain } = rule.value
      const chains = rules.get(keyOf(family, table)) ?? new Map<string, Rule[]>()
      const list = chains.get(chain) ?? []
      rules.set(keyOf(family, table), chains.set(chain, list))
      list.push(rule.value)
    }
  }
  const awake = entries.filter(({ family, table }) => !dormant.has(keyOf(family, table)))
  // A packet has to pass all base chains of its hook, so one that refuses it is enough.
  const isRefused = (own: Family) => {
    const chains = new Map([...rules].map(([table, list]) => [table, chainsOf(list, own)]))
    return awake
      .filter(({ family }) => family === own || family === 'inet')
      .some((chain) => refuses(chain, chains.get(keyOf(chain.family, chain.table)) ?? new Map()))
  }
  return value({ ipv4: isRefused('ip'), ipv6: isRefused('ip6') })
}

function chainsOf(rules: ReadonlyMap<string, readonly Rule[]>, family: Family): Chains {
  return new Map(
    [...rules].map(([name, list]): [string, readonly Verdict[]] => [
      name,
      list.flatMap(({ expr }) => (concerns(expr, family) ? verdictsOf(expr, family) : [])),
    ]),
  )
}

function refuses({ name, policy }: Chain, chains: Chains): boolean {
  const fate = fateIn(name, chains)
  return fate === 'drop' || (fate === 'fall' && policy === 'drop')
}

/** Names of tables are unique in their family only. */
function keyOf(family: string, table: string): string {
  return `${family} ${table}`
}
