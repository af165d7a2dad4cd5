import { readingsOf } from '../code-pages.ts'
import type { RegistryValues } from '../host.ts'

/** A key as `reg.exe query` shows it: its own values, and the names of the keys below it. */
export type QueriedKey = { values: RegistryValues; below: readonly string[] }

/**
 * Reads `reg.exe query KEY`, of the first key that it shows; null where it shows none. Numbers stand in hexadecimal. The
 * names of the types are the same in every language, and so is the layout: four blanks, a name, a type, a value; some
 * versions put more blanks after a short name.
 */
export function readRegQuery(stdout: string): QueriedKey | null {
  const lines = stdout.split(/\r?\n/)
  const at = lines.findIndex((line) => HEADING.test(line))
  const key = lines[at]?.trim()
  if (key === undefined) return null
  const values: Record<string, string | number> = {}
  const below: string[] = []
  for (const line of lines.slice(at + 1)) {
    if (HEADING.test(line)) {
      const name = line.trim()
      if (name.toLowerCase().startsWith(`${key.toLowerCase()}\\`)) below.push(name.slice(key.length + 1))
      continue
    }
    // What follows stands below a key that `/s` listed too.
    if (below.length > 0) continue
    const [, name, type = '', text = ''] = /^ {4}(.+?) {4,}(REG_[A-Z_]+)(?: {4}(.*))?$/.exec(line) ?? []
    const value = name === undefined ? null : valueOf(type, text)
    if (name !== undefined && value !== null) values[name] = value
  }
  return { values, below }
}

/**
 * Whether `reg.exe` says that the key or value is not there, in one of the languages whose sentence is known; it ends with
 * 1 for this as for a key that may not be read. Letters of European languages depend on a code page, and are passed over.
 */
export function saysMissing(text: string): boolean {
  return readingsOf(text.slice(0, MOST_SIGNS)).some((reading) => MISSING.some((sentence) => sentence.test(reading)))
}

/** More than any of these sentences has. */
const MOST_SIGNS = 4000

const MISSING = [
  /unable to find the specified registry key or value/,
  /angegebene Registrierungsschl.{1,3}ssel bzw\. (?:der )?(?:angegebene )?Wert wurde nicht gefunden/,
  /n.{1,3}a pas trouv.{1,3} la cl.{1,3} ou la valeur de Registre sp.{1,3}cifi.{1,3}e/i,
  /no pudo encontrar la clave o el valor (?:del|de) registro especificad/i,
  /in grado di trovare la chiave o il valore del Registro di sistema specificat/i,
  /n.{1,3}o (?:conseguiu|p.{1,3}de) (?:localizar|encontrar) a chave ou o valor do Registr?o especificad/i,
  /opgegeven registersleutel of (?:de )?-?waarde (?:is )?niet (?:worden )?(?:ge)?vinden|opgegeven registersleutel of (?:de )?-?waarde is niet gevonden/i,
  /nie mo.{1,3}e (?:odnale.{1,4}|znale.{1,4}) okre.{1,3}lonego klucza rejestru lub warto.{1,4}ci/i,
  /hitta den angivna registernyckeln eller (?:det angivna )?v.{1,3}rdet/i,
  /(?:не удается|не удалось) найти указанный раздел (?:реестра )?или (?:параметр|значение)/i,
  /指定されたレジストリ ?キーまたは値が見つかりません/,
  /找不到指定的(?:注册表项或值|登錄機碼或值)/,
  /지정된? 레지스트리 키 또는 값을 찾을 수 없/,
] as const

const HEADING = /^(?:HKEY_[A-Z_]+|HKLM|HKCU|HKU)(?:\\|\s*$)/

function valueOf(type: string, text: string): string | number | null {
  switch (type) {
    case 'REG_DWORD':
    case 'REG_QWORD':
      return /^0x[0-9a-f]{1,16}$/i.test(text.trim()) ? Number(text.trim()) : null
    case 'REG_MULTI_SZ':
      return text.replaceAll('\\0', '\n')
    case 'REG_BINARY':
      return text.trim().toLowerCase()
    default:
      return text
  }
}
