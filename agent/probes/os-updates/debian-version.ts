/**
 * Which of two Debian versions is newer: above 0 the first, below 0 the second, 0 neither. The order is that of
 * deb-version(7): epoch, upstream version, revision; `~` sorts before the end, letters before all other signs.
 */
export function compareDebianVersions(a: string, b: string): number {
  if (a === b) return 0
  const first = split(a)
  const second = split(b)
  return (
    compareNumbers(first.epoch, second.epoch) ||
    comparePart(first.upstream, second.upstream) ||
    comparePart(first.revision, second.revision)
  )
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon < 0 ? '' : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/** Takes turns: the longest run of non-digits by sign, then the longest run of digits as a number. */
function comparePart(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j)
      if (difference !== 0) return difference
      i++
      j++
    }
    const fromA = i
    const fromB = j
    while (isDigit(a, i)) i++
    while (isDigit(b, j)) j++
    const difference = compareNumbers(a.slice(fromA, i), b.slice(fromB, j))
    if (difference !== 0) return difference
  }
  return 0
}

/** Digits of any length: a date with a time in it is no safe integer. */
function compareNumbers(a: string, b: string): number {
  const first = a.replace(/^0+/, '')
  const second = b.replace(/^0+/, '')
  if (first.length !== second.length) return first.length - second.length
  return first === second ? 0 : first < second ? -1 : 1
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0
  const code = text.charCodeAt(at)
  if (code === 126) return -1
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
  return isLetter ? code : code + 0x10000
}
