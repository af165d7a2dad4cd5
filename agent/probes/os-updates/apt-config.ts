/** Options of apt by their full name in lower case: `apt::periodic::enable`. */
export type AptConfig = Map<string, string>

const TOKEN =
  /(?<space>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#(?!(?:clear|include)\b)[^\n]*)|"(?<quoted>[^"]*)"|(?<mark>[{};])|(?<word>[^\s{};"]+)/gy

/**
 * Reads apt.conf(5) into `config`, over what files before it said. False where the text is malformed; apt itself stops
 * at such a file.
 */
export function readAptConfig(text: string, config: AptConfig): boolean {
  const scopes: string[] = []
  let words: string[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    end = match.index + match[0].length
    const { quoted, mark, word } = match.groups ?? {}
    if (quoted !== undefined || word !== undefined) words.push(quoted ?? word ?? '')
    if (mark === undefined) continue
    const name = [...scopes, words[0] ?? ''].join('::').toLowerCase()
    if (mark === '}' && (scopes.pop() === undefined || words.length > 0)) return false
    if (mark === '{') scopes.push(words[0] ?? '')
    else if (words[0] === '#clear') clear(config, words[1] ?? '')
    else if (mark === ';' && words[1] !== undefined) config.set(name, words[1])
    words = []
  }
  return end === text.length && scopes.length === 0 && words.length === 0
}

function clear(config: AptConfig, name: string): void {
  const scope = name.toLowerCase()
  for (const key of config.keys()) if (key === scope || key.startsWith(`${scope}::`)) config.delete(key)
}

/** The files of /etc/apt/apt.conf.d that apt reads, in its order: no extension or `.conf`, and no strange signs. */
export function configFiles(names: readonly string[]): string[] {
  return names.filter((name) => /^[\w-]+(?:\.conf)?$|^[\w.-]+\.conf$/.test(name)).toSorted()
}

/**
 * Reads what `apt-config dump` prints: an option a line, `APT::Periodic::Enable "1";`, whatever is in the quotes. Null
 * where it prints something else, or breaks off in a line.
 */
export function readAptConfigDump(stdout: string): AptConfig | null {
  const config: AptConfig = new Map()
  for (const line of stdout.split(/\r?\n/)) {
    if (line === '') continue
    const [, name, text] = /^(\S+) "(.*)";$/.exec(line) ?? []
    if (name === undefined || text === undefined) return null
    config.set(name.toLowerCase(), text)
  }
  return config.size > 0 ? config : null
}

/** Whether apt's daily run does anything, by an option; all are off where nothing is said (`/usr/lib/apt/apt.systemd.daily`). */
const isOn = (config: AptConfig, name: string, fallback: string): boolean =>
  /^(?:always|0*[1-9]\d*[smhd]?)$/.test(config.get(`apt::periodic::${name}`) ?? fallback)

/** Whether apt's daily run refreshes the lists of packages, by its options alone. */
export const isRefreshed = (config: AptConfig): boolean =>
  isOn(config, 'enable', '1') && isOn(config, 'update-package-lists', '0')
