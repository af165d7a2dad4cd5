const FLAG = '(?:fin|syn|rst|psh|ack|urg|ecn|cwr)'
const MASK_BEFORE = new RegExp(`^& \\(?(${FLAG}(?: \\| ${FLAG})*)\\)? (==|!=) (${FLAG}(?: \\| ${FLAG})*)(?= |$)`)
const MASK_BEHIND = new RegExp(`^(?:(!=|==|!) )?(${FLAG}(?: , ${FLAG})*)(?: / (${FLAG}(?: , ${FLAG})*))?(?= |$)`)

const TCP_FLAGS = { payload: { protocol: 'tcp', field: 'flags' } }

/**
 * Reads the words behind `tcp flags` into the match that `nft -j` would list, and tells how many they are. `syn` asks for
 * one of the flags; of those in a mask, `& (fin | syn) == syn` or in some versions `syn / fin,syn`, just these are set.
 */
export function tcpFlagsIn(words: readonly string[]): { match: Record<string, unknown>; length: number } | null {
  const text = words.join(' ')
  const [before, mask, compared, flags] = MASK_BEFORE.exec(text) ?? []
  if (before !== undefined) return { match: masked(compared, mask, flags), length: before.split(' ').length }
  const [whole, op, asked, behind] = MASK_BEHIND.exec(text) ?? []
  if (whole === undefined) return null
  const match =
    behind === undefined ? { op: op ?? 'in', left: TCP_FLAGS, right: listOf(asked) } : masked(op, behind, asked)
  return { match, length: whole.split(' ').length }
}

const masked = (op = '==', mask = '', flags = '') => ({
  op,
  left: { '&': [TCP_FLAGS, listOf(mask)] },
  right: listOf(flags),
})

const listOf = (flags = ''): string[] => flags.match(/[a-z]+/g) ?? []
