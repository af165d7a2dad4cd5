/**
 * Reads assignments as the shell does, of which the last of a name counts: the form of os-release(5) and of files in
 * /etc/sysconfig. A line that is none is passed over.
 */
export function parseAssignments(text: string): ReadonlyMap<string, string> {
  const assigned = new Map<string, string>()
  for (const line of text.split('\n')) {
    const assignment = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trimEnd())
    const value = assignment?.[2] === undefined ? null : unquote(assignment[2])
    if (assignment?.[1] !== undefined && value !== null) assigned.set(assignment[1], value)
  }
  return assigned
}

/** One word of the shell, or null where it is not exactly one: a quote that never ends, a second word. */
function unquote(raw: string): string | null {
  let word = ''
  let quote = ''
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charAt(at)
    if (quote === "'" && char !== "'") word += char
    else if (char === '\\' && quote !== "'") {
      const escaped = raw.charAt(++at)
      if (escaped === '') return null
      // Between double quotes the shell keeps a backslash that escapes nothing.
      word += quote === '"' && !'"$`\\'.includes(escaped) ? `\\${escaped}` : escaped
    } else if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (quote === '' && /\s/.test(char)) return /^\s*(#|$)/.test(raw.slice(at)) ? word : null
    else word += char
  }
  return quote === '' ? word : null
}
