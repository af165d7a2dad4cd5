import { Type } from 'typebox'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { jsonParserOf } from '../../../shared/schema.ts'

/** How strictly a Mac checks what it starts, and whether System Integrity Protection is on; null where it is not told. */
export type StartupSecurity = { level: 'full' | 'reduced' | 'permissive'; sip: boolean | null }

/**
 * The words for each level, in small letters: `system_profiler` translates them even in JSON. "Medium" is what a T2 calls
 * its middle level, "no security" its lowest. A word that is not here says nothing.
 */
const LEVELS: Readonly<Record<StartupSecurity['level'], readonly string[]>> = {
  full: [
    'full security',
    'volle sicherheit',
    'maximale sicherheit',
    'sécurité maximale',
    'sécurité complète',
    'seguridad total',
    'seguridad completa',
    'seguridad máxima',
    'sicurezza completa',
    'sicurezza massima',
    'sicurezza totale',
    'segurança total',
    'segurança completa',
    'segurança máxima',
    'volledige beveiliging',
    'maximale beveiliging',
    'full säkerhet',
    'fullständig säkerhet',
    'täysi suojaus',
    'täysi turvallisuus',
    'fuld sikkerhed',
    'full sikkerhet',
    'pełne bezpieczeństwo',
    'полная безопасность',
    'максимальная безопасность',
    'высший уровень безопасности',
    'максимальный уровень безопасности',
    'plné zabezpečení',
    'tam güvenlik',
    '完全なセキュリティ',
    '完整安全性',
    '전체 보안',
    '완전한 보안',
    '완전 보안',
  ],
  reduced: [
    'reduced security',
    'medium security',
    'reduzierte sicherheit',
    'mittlere sicherheit',
    'sécurité réduite',
    'sécurité moyenne',
    'seguridad reducida',
    'seguridad media',
    'sicurezza ridotta',
    'sicurezza media',
    'segurança reduzida',
    'segurança média',
    'verminderde beveiliging',
    'beperkte beveiliging',
    'gemiddelde beveiliging',
    'reducerad säkerhet',
    'reduceret sikkerhed',
    'redusert sikkerhet',
    '低減されたセキュリティ',
    'セキュリティの低下',
    '低セキュリティ',
    '中程度のセキュリティ',
    '降低安全性',
    '中等安全性',
    '보안 낮춤',
    '부분 보안',
    '중간 보안',
  ],
  permissive: [
    'permissive security',
    'no security',
    'permissive sicherheit',
    'keine sicherheit',
    'ohne sicherheit',
    'sécurité permissive',
    'aucune sécurité',
    'seguridad permisiva',
    'sin seguridad',
    'ninguna seguridad',
    'sicurezza permissiva',
    'nessuna sicurezza',
    'segurança permissiva',
    'sem segurança',
    'nenhuma segurança',
    'permissieve beveiliging',
    'geen beveiliging',
    'ingen säkerhet',
    'ingen sikkerhed',
    'ingen sikkerhet',
    'セキュリティなし',
    '无安全性',
    '無安全性',
    '보안 없음',
  ],
}

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ...['enabled', 'aktiviert', 'activé', 'activée', 'activado', 'activada', 'attivato', 'attivata'].map(on),
  ...['abilitato', 'abilitata', 'ativado', 'ativada', 'ingeschakeld', '有効', '已启用', '已啟用'].map(on),
  ...['disabled', 'deaktiviert', 'désactivé', 'désactivée', 'desactivado', 'desactivada'].map(off),
  ...['disattivato', 'disattivata', 'disabilitato', 'disabilitata', 'desativado', 'desativada'].map(off),
  ...['aktiverat', 'aktiveret', 'aktivert', 'włączone', 'włączona', 'включено', 'включена', '활성화됨', 'etkin'].map(
    on,
  ),
  ...['inaktiverat', 'deaktiveret', 'deaktivert', 'wyłączone', 'wyłączona', 'выключено', 'отключено', '비활성화됨'].map(
    off,
  ),
  ...['uitgeschakeld', '無効', '已停用', '已禁用'].map(off),
])

function on(word: string): [string, boolean] {
  return [word, true]
}

function off(word: string): [string, boolean] {
  return [word, false]
}

const parse = jsonParserOf(Type.Object({ SPiBridgeDataType: Type.Array(Type.Record(Type.String(), Type.Unknown())) }))

/**
 * Reads `system_profiler -json SPiBridgeDataType`. A Mac that has neither Apple silicon nor a T2 lists nothing, and so does
 * one that hides it from whoever asks.
 */
export function readBridge(stdout: string): Fact<StartupSecurity> {
  const parsed = parse(stdout.slice(Math.max(0, stdout.search(/^[ \t]*\{/m))))
  if (!parsed.ok) return unreadable('system_profiler gave no list')
  const told = parsed.value.SPiBridgeDataType.flatMap((it) => ('ibridge_secure_boot' in it ? [it] : []))
  const [bridge, ...others] = told
  if (!bridge || others.length > 0) return unreadable('this Mac does not tell how strictly it starts')
  const level = levelOf(wordOf(bridge['ibridge_secure_boot']))
  if (!level) return unreadable('this Mac tells how strictly it starts in words that are not known')
  return value({ level, sip: SWITCHES.get(wordOf(bridge['ibridge_sb_sip'])) ?? null })
}

/**
 * Reads `system_profiler SPiBridgeDataType`, which is all that macOS 10.14 has. Its labels are localised too, so the level
 * is told by its words, which nothing else there has.
 */
export function readBridgeText(stdout: string): Fact<StartupSecurity> {
  const lines = [...stdout.matchAll(/^ +([^ :\n][^:\n]*): (.+)$/gm)]
  const levels = new Set(lines.flatMap(([, , word]) => levelOf(wordOf(word)) ?? []))
  const [level, ...others] = levels
  if (level === undefined || others.length > 0) return unreadable('this Mac does not tell how strictly it starts')
  const sip = lines.find(([, label]) => label === 'System Integrity Protection')?.[2]
  return value({ level, sip: SWITCHES.get(wordOf(sip)) ?? null })
}

function wordOf(it: unknown): string {
  return typeof it === 'string' ? it.normalize('NFC').trim().toLowerCase() : ''
}

function levelOf(word: string): StartupSecurity['level'] | undefined {
  return (['full', 'reduced', 'permissive'] as const).find((level) => LEVELS[level].includes(word))
}

/** The variable of the firmware in which a Mac with a T2 keeps its level. */
export const POLICY = '94b73556-2197-4702-82a8-3e1337dafbfb:AppleSecureBootPolicy'

const POLICIES: ReadonlyMap<string, StartupSecurity['level']> = new Map([
  ['%02', 'full'],
  ['%01', 'reduced'],
  ['%00', 'permissive'],
])

/** Reads what `nvram` prints of that variable: its name, a tab, and one byte. */
export function readPolicy(stdout: string): Fact<StartupSecurity> {
  const [, byte = ''] = /^[\da-f-]{36}:AppleSecureBootPolicy\t(%\d\d)\s*$/i.exec(stdout) ?? []
  const level = POLICIES.get(byte)
  return level ? value({ level, sip: null }) : unreadable('nvram does not tell how strictly this Mac starts')
}

/**
 * Whether Secure Boot is on. The middle level starts older systems and more drivers, but only signed ones; the lowest
 * starts anything, and without System Integrity Protection what was checked can be changed.
 */
export function isSecure({ level, sip }: StartupSecurity): boolean {
  return level !== 'permissive' && sip !== false
}
