import { createHash } from 'node:crypto'
import { isOfEverybody, usersIn } from './people.ts'
import { isPublicFile, type Recording, type RecordingEntry } from './recorded.ts'

/** What is known of a machine that must not leave it with a recording. */
export type Private = {
  /** Serial numbers, ids of agents: replaced by others of the same form. */
  ids: readonly string[]
  users: readonly string[]
  hostnames: readonly string[]
}

/** The masked recording, and how many different things were replaced. */
export type Masked = { recording: Recording; replaced: number }

/**
 * Masks serial numbers, names of users and of the machine, ids and keys. What is the same before is the same after, and
 * has the same form, so that the probes read the masked recording as they read the machine. `salt` is thrown away
 * afterwards: without it nobody can tell which id a mask stands for.
 */
export function maskRecording(recording: Recording, known: Private, salt: string): Masked {
  const masks = new Map<string, string>()
  const maskOf = (text: string, make: () => string): string => {
    const made = masks.get(text) ?? make()
    masks.set(text, made)
    return made
  }
  const sameForm = (text: string) => maskOf(text, () => formOf(text, salt))

  const names = [
    ...distinct([...known.users, ...usersIn(recording)])
      .filter((name) => !isOfEverybody(name))
      .map((name, at) => ({ name, stand: `user${at + 1}` })),
    // A machine called "debian" must not change what its system is called: a plain word is masked in its own places only.
    ...distinct(known.hostnames)
      .filter((name) => /[\d.-]/.test(name) && name !== 'localhost')
      .map((name, at) => ({ name, stand: `host${at + 1}` })),
  ]
  const words = [...names, ...distinct(known.ids).map((name) => ({ name, stand: null }))].toSorted(
    (a, b) => b.name.length - a.name.length,
  )
  const maskByWord = new Map(words.map(({ name, stand }) => [name.toLowerCase(), stand]))
  const inText = words.length > 0 ? new RegExp(words.map(({ name }) => wholeWord(name)).join('|'), 'giu') : null

  function mask(text: string): string {
    let masked = text
      .replace(SECRETS, (whole, label: string, it: string) => (NO_SECRET.test(it) ? whole : `${label}${sameForm(it)}`))
      .replace(LABELLED, (whole, label: string, id: string) => (isId(id) ? `${label}${sameForm(id)}` : whole))
      .replace(CREDENTIALS, 'user:password@')
      .replace(IDS, (id) => (PUBLIC_IDS.has(id.toLowerCase()) ? id : sameForm(id)))
    if (inText) {
      masked = masked.replace(inText, (word) => {
        const name = maskByWord.get(word.toLowerCase())
        return typeof name === 'string' ? maskOf(word, () => name) : sameForm(word)
      })
    }
    return masked
  }

  const entries = recording.entries.map((entry) => maskEntry(entry, mask, sameForm))
  return { recording: { ...recording, entries }, replaced: masks.size }
}

function maskEntry(
  entry: RecordingEntry,
  mask: (text: string) => string,
  id: (text: string) => string,
): RecordingEntry {
  switch (entry.kind) {
    case 'command': {
      // It unpacks the lists.
      if (entry.program === 'apt-helper') return entry
      const said = entry.program === 'dmesg' ? ofTheStart(entry.stdout) : entry.stdout
      const isName = entry.program === 'scutil' && entry.exitCode === 0
      const stdout = isName ? asHostname(said) : mask(said)
      return { ...entry, args: entry.args.map(mask), stdout, stderr: mask(entry.stderr) }
    }
    case 'file': {
      if (isPublicFile(entry.path)) return entry
      if (entry.content === null) return { ...entry, path: mask(entry.path) }
      const content = leastOf(entry.path, entry.content)
      if (entry.path.endsWith('/hostname')) return { ...entry, content: asHostname(entry.content) }
      const isSerial = /serial|uuid/i.test(entry.path) && isId(content.trim())
      return {
        ...entry,
        path: mask(entry.path),
        content: isSerial ? content.replace(content.trim(), id) : mask(content),
      }
    }
    case 'directory':
      return { ...entry, path: mask(entry.path), names: entry.names?.map(mask) ?? null }
    case 'registry': {
      const values = Object.entries(entry.values ?? {}).map(([name, it]) => {
        if (typeof it !== 'string') return [name, it]
        if (/^(?:ComputerName|(?:NV )?Hostname)$/i.test(name)) return [name, asHostname(it)]
        return [name, SECRET_NAME.test(name) && isId(it) ? id(it) : mask(it)]
      })
      return { ...entry, values: entry.values === null ? null : Object.fromEntries(values) }
    }
  }
}

/** All that stands in the line: a Mac may be called "MacBook of Ada Example". */
const asHostname = (text: string): string => text.replace(/\S.*\S|\S/, 'host1')

/** The kernel also tells what was plugged in and who sent what was refused: only what a probe reads is kept. */
const ofTheStart = (log: string): string => log.replaceAll(/^(?!.*(?:secure ?boot|\btpm_)).*(?:\n|$)/gim, '')

/** Of files that hold more than a probe takes from them: what nobody needs is left out, masked or not. */
function leastOf(path: string, content: string): string {
  // The full names of people stand in the fifth field (passwd(5)).
  if (path === '/etc/passwd') return content.replace(/^((?:[^:\n]*:){4})[^:\n]*/gm, '$1')
  // People keep tokens in their environment.
  if (!/^\/proc\/\w+\/environ$/.test(path)) return content
  return (content.match(/(?<![^\0])HOME=[^\0]*/) ?? []).join('')
}

/** UUIDs, long hexadecimal numbers, security ids of Windows, addresses of mail (no units of systemd) and of network cards. */
const IDS =
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{24,128}\b|\bS-1-(?:5-21|12-1)(?:-\d+){2,6}|(?<![\w.+-])[\w.+-]{1,64}@(?![\w-]+\.(?:service|socket|mount|timer|scope|slice)\b)[\w-]+(?:\.[\w-]+)+|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/gi

/** Of a proxy or an archive, in its address; the last @ ends them. */
const CREDENTIALS = /(?<=:\/\/)[^/\s"']+@/g

/** What is called a secret, whatever it looks like: a password may be a plain word. */
const SECRETS = /(\b(?:token|password|passphrase|secret)\\?["']?[ \t]*(?:[:=][ \t]*\\?["']?|["']))([^\s"'\\;,<>]{4,})/gi
const NO_SECRET = /^(?:true|false|null|none|unset|unavailable|enabled|disabled|required)$/i

/** What is called a serial number, an id or a key where it stands: `serial: X`, `"SerialNumber":"X"`, `aid="X"`. */
const LABELLED =
  /((?:serial(?:[ _-]?(?:number|no\.?|num))?|site[ _-]?key|(?:agent|customer|machine|device|org|tenant|sensor|endpoint|account|organization|registration)[ _-]?(?:id|key)|[ac]id|guid|u[ud]id|token)(?:\s*\([^)\n]*\))?\\?["']?\s*[:=|]?\s*\\?["']?)([\w+/=.-]{6,})/gi

const SECRET_NAME = /serial|key|token|password|secret|^(?:ag|cu|cid|aid)$|id$/i

/** Constants of systems and products, the same on every machine: readers go by some of them. */
export const PUBLIC_IDS: ReadonlySet<string> = new Set([
  // Variables of the firmware: the global ones (UEFI 3.3), those of shim, and Apple's for Secure Boot.
  '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  '605dab50-e046-4300-abb6-3dd810dd8b23',
  '94b73556-2197-4702-82a8-3e1337dafbfb',
  // Where CrowdStrike Falcon keeps its settings in the registry.
  '9b03c1d9-3138-44ed-9fae-d9f4c034b88d',
  '16e0423f-7058-48c9-a204-725362b67639',
  // Categories of updates of Windows.
  '0fa1201d-4330-4fa8-8ae9-b877473b6441',
  'e6cf1350-c01b-414d-a61f-263d14d133b4',
  'e0789628-ce08-4437-be74-2495b842f43b',
  'ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0',
])

/** A word such as "unavailable" is none: it has to have a digit, and not only zeros. */
function isId(text: string): boolean {
  return /\d/.test(text) && /[1-9a-f]/i.test(text) && !/^\d{1,3}$/.test(text) && !/^[\d.]+$/.test(text)
}

/** Another text of the same form: digits for digits, letters for letters, of hexadecimal ones where all are such. */
function formOf(text: string, salt: string): string {
  const letters = /^[0-9a-f:{}-]+$/i.test(text) ? 'abcdef' : 'abcdefghjkmnpqrstuvwxyz'
  const stream = byteStream(`${salt}\0${text.toLowerCase()}`)
  return text.replace(/[0-9a-z]/gi, (sign) => {
    const byte = stream()
    if (/\d/.test(sign)) return sign === '0' ? '0' : String(1 + (byte % 9))
    const letter = letters.charAt(byte % letters.length)
    return sign === sign.toUpperCase() ? letter.toUpperCase() : letter
  })
}

function byteStream(seed: string): () => number {
  let block = Buffer.alloc(0)
  let round = 0
  return () => {
    if (block.length === 0) block = createHash('sha256').update(`${seed}\0${round++}`).digest()
    const byte = block[0] ?? 0
    block = block.subarray(1)
    return byte
  }
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.trim()).filter((name) => name.length > 1))]
}

function wholeWord(name: string): string {
  return `(?<![\\p{L}\\p{N}_-])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_-])`
}
