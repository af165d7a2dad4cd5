import { tcpFlagsIn } from './nft-tcp-flags.ts'

/** A rule in the words of libnftables-json(5): statements, each an object with one key. */
type Statement = Readonly<Record<string, unknown>>

/** A table, chain or rule, as `nft -j` lists it. */
type Item = Readonly<Record<string, unknown>>

/** Words, and what stands between them; behind `#` are handles, and what an old nft cannot show. */
const TOKEN = /"[^"\n]*"|#[^\n]*|[{};\n,]|:(?=\s)|[^\s{};,"#][^\s{};,"]*/g

/** Brackets inside brackets: more than any rule has, and a bound for what is damaged. */
const DEEPEST = 16

const isEnd = (token: string | undefined): boolean => token === '\n' || token === ';'

/**
 * Reads `nft list ruleset`, which is what an nft that was built without JSON prints, into what `nft -j` would list; null
 * where it breaks off. Conditions and statements that it does not know stay in the rule as such, so that the rule cannot
 * be told to concern anything.
 */
export function itemsOfText(stdout: string): Item[] | null {
  const tokens = (stdout.replaceAll('\r', '').match(TOKEN) ?? []).filter((token) => !token.startsWith('#'))
  const items: Item[] = []
  let at = 0

  /** Past a block, from its opening bracket on. */
  function skipBlock(): boolean {
    for (let depth = 0; at < tokens.length;) {
      const token = tokens[at++]
      if (token === '{' && ++depth > DEEPEST) return false
      if (token === '}' && --depth === 0) return true
    }
    return false
  }

  /** The words up to the end of the line; blocks in brackets may go over several. */
  function readLine(): string[] | null {
    const words: string[] = []
    for (let depth = 0; at < tokens.length; at++) {
      const token = tokens[at] ?? ''
      if (depth === 0 && (isEnd(token) || token === '}')) return words
      if (token === '{' && ++depth > DEEPEST) return null
      if (token === '}') depth--
      if (token !== '\n') words.push(token)
    }
    return null
  }

  function readChain(family: string, table: string, name: string): boolean {
    const found: Record<string, unknown> = { family, table, name }
    const rules: Item[] = []
    while (at < tokens.length) {
      if (isEnd(tokens[at])) at++
      else if (tokens[at] === '}') {
        at++
        items.push({ chain: found }, ...rules)
        return true
      } else {
        const words = readLine()
        if (!words) return false
        const [first, second, third, fourth] = words
        if (first === 'type' && third === 'hook') Object.assign(found, { type: second, hook: fourth, policy: 'accept' })
        else if (first === 'policy') found['policy'] = second
        else if (first !== 'comment') rules.push({ rule: { family, table, chain: name, expr: statementsOf(words) } })
      }
    }
    return false
  }

  function readTable(family: string, name: string): boolean {
    const found: Record<string, unknown> = { family, name }
    items.push({ table: found })
    while (at < tokens.length) {
      const token = tokens[at]
      if (isEnd(token)) at++
      else if (token === '}') {
        at++
        return true
      } else if (token === 'chain' && tokens[at + 2] === '{') {
        const chainName = tokens[at + 1] ?? ''
        at += 3
        if (!readChain(family, name, chainName)) return false
      } else {
        // Sets, maps and counters; what the table is marked with stands on a line.
        const words = tokens[at + 2] === '{' ? null : readLine()
        if (words?.[0] === 'flags') found['flags'] = words.slice(1)
        else if (words === null && !skipBlock()) return false
      }
    }
    return false
  }

  while (at < tokens.length) {
    if (isEnd(tokens[at])) at++
    else if (tokens[at] === 'table' && tokens[at + 3] === '{') {
      const [family = '', name = ''] = tokens.slice(at + 1, at + 3)
      at += 4
      if (!readTable(family, name)) return null
    } else return null
  }
  return items
}

const VERDICTS = new Set(['accept', 'drop', 'return', 'continue', 'queue', 'reject'])

/** Those whose words after them change nothing. */
const REMARKS = /^(?:counter|log|comment)$/

function statementsOf(words: readonly string[]): Statement[] {
  const statements: Statement[] = []
  let at = 0
  while (at < words.length) {
    const word = words[at] ?? ''
    const next = words[at + 1] ?? ''
    if (REMARKS.test(word)) {
      at++
      while (REMARK_WORD.test(words[at] ?? '')) at++
    } else if (/^(?:meta|ct)$/.test(word) && words[at + 2] === 'set') {
      at += 4
    } else if (word === 'jump' || word === 'goto') {
      statements.push({ [word]: { target: next } })
      at += 2
    } else if (VERDICTS.has(word)) {
      statements.push({ [word]: null })
      // How it rejects, or to which queue.
      at = word === 'reject' || word === 'queue' ? words.length : at + 1
    } else if (word === 'limit' && next === 'rate') {
      statements.push({ limit: { inv: words[at + 2] === 'over' } })
      at += 2
      while (LIMIT_WORD.test(words[at] ?? '')) at++
    } else if (word === 'xt' && next === 'target') {
      statements.push({ xt: { type: 'target', name: unquoted(words[at + 2] ?? '') } })
      at += 3
    } else {
      const condition = conditionAt(words, at)
      if (!condition) return [{ unknown: null }]
      statements.push(condition.statement)
      at = condition.end
    }
  }
  return statements
}

/** `over 3/minute burst 5 packets`, `10 mbytes/second`. */
const LIMIT_WORD = /^(?:over|until|burst|packets|[km]?bytes(?:\/\w+)?|\d+(?:\/\w+)?)$/

/** What may follow `counter`, `log` and `comment`. */
const REMARK_WORD =
  /^(?:packets|bytes|prefix|level|flags|group|snaplen|queue-threshold|all|\d+|emerg|alert|crit|err|warn|notice|info|debug|audit|"[^"]*")$/

/** Two words before the value, or one. */
const KEYS: readonly (readonly [words: readonly string[], left: Statement])[] = [
  ...['iif', 'iifname'].flatMap((key) => [
    [[key], { meta: { key } }] as const,
    [['meta', key], { meta: { key } }] as const,
  ]),
  [['meta', 'l4proto'], { meta: { key: 'l4proto' } }],
  [['meta', 'nfproto'], { meta: { key: 'nfproto' } }],
  [['meta', 'pkttype'], { meta: { key: 'pkttype' } }],
  [['pkttype'], { meta: { key: 'pkttype' } }],
  [['fib', 'daddr', 'type'], { fib: { result: 'type', flags: 'daddr' } }],
  [['ct', 'direction'], { ct: { key: 'direction' } }],
  [['ct', 'state'], { ct: { key: 'state' } }],
  [['ct', 'status'], { ct: { key: 'status' } }],
  ...[
    ['ip', 'protocol'],
    ['ip6', 'nexthdr'],
    ['ip', 'saddr'],
    ['ip6', 'saddr'],
    ...['tcp', 'udp', 'th', 'sctp', 'dccp'].flatMap((protocol) => [
      [protocol, 'dport'],
      [protocol, 'sport'],
    ]),
  ].map(([protocol = '', field = '']) => [[protocol, field], { payload: { protocol, field } }] as const),
]

function conditionAt(words: readonly string[], from: number): { statement: Statement; end: number } | null {
  const flags = words[from] === 'tcp' && words[from + 1] === 'flags' ? tcpFlagsIn(words.slice(from + 2)) : null
  if (flags) return { statement: { match: flags.match }, end: from + 2 + flags.length }
  const found = KEYS.find(([key]) => key.every((word, n) => words[from + n] === word))
  if (!found) return null
  const [key, left] = found
  let at = from + key.length
  const isMap = words[at] === 'vmap'
  const op = ['!=', '!'].includes(words[at] ?? '') ? '!=' : '=='
  if (isMap || op === '!=' || words[at] === '==') at++
  if (words[at] === '{') {
    const end = words.indexOf('}', at)
    const parts = end < 0 ? [] : partsOf(words.slice(at + 1, end))
    if (end < 0 || parts.some((part) => part.includes('{'))) return null
    const set = isMap
      ? parts.map((part) => [valueOf(part[0] ?? ''), statementsOf(part.slice(2))[0] ?? {}])
      : parts.map((part) => valueOf(part.join(' ')))
    const data = { set }
    return { statement: isMap ? { vmap: { key: left, data } } : { match: { op, left, right: data } }, end: end + 1 }
  }
  if (isMap) return null
  const values = [valueOf(words[at++] ?? '')]
  while (words[at] === ',') {
    values.push(valueOf(words[at + 1] ?? ''))
    at += 2
  }
  return { statement: { match: { op, left, right: { set: values } } }, end: at }
}

function partsOf(words: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  for (const word of words) {
    if (word === ',') parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts.filter((part) => part.length > 0)
}

const unquoted = (word: string): string => word.replace(/^"(.*)"$/, '$1')

/** An address with its mask, a range of ports, or a word. */
function valueOf(word: string): unknown {
  const [, addr, length] = /^([\da-fA-F.:]+)\/(\d+)$/.exec(word) ?? []
  if (addr !== undefined) return { prefix: { addr, len: Number(length) } }
  const [, from, to] = /^(\d+)-(\d+)$/.exec(word) ?? []
  return from === undefined ? unquoted(word) : { range: [Number(from), Number(to)] }
}
