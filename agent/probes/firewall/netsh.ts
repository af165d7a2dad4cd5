import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { readingsOf } from '../../host/code-pages.ts'
import { PROFILES, type Profile, type ProfileName } from './profiles.ts'

/** The words of netsh for "on" and "off", by language. A word that is not here says nothing. */
const STATES: readonly (readonly [on: string, off: string])[] = [
  ['ON', 'OFF'],
  ['EIN', 'AUS'],
  ['ACTIF', 'INACTIF'],
  ['ACTIVÉ', 'DÉSACTIVÉ'],
  ['ACTIVER', 'DÉSACTIVER'],
  ['ACTIVAR', 'DESACTIVAR'],
  ['ACTIVADO', 'DESACTIVADO'],
  ['ACTIVO', 'INACTIVO'],
  ['ATTIVO', 'NON ATTIVO'],
  ['ATTIVO', 'INATTIVO'],
  ['ATTIVO', 'DISATTIVO'],
  ['ABILITATO', 'DISABILITATO'],
  ['ATTIVATO', 'DISATTIVATO'],
  ['ATTIVA', 'DISATTIVA'],
  ['ATIVADO', 'DESATIVADO'],
  ['ATIVAR', 'DESATIVAR'],
  ['LIGADO', 'DESLIGADO'],
  ['ATIVO', 'INATIVO'],
  ['HABILITADO', 'DESABILITADO'],
  ['HABILITADO', 'DESHABILITADO'],
  ['AAN', 'UIT'],
  ['INGESCHAKELD', 'UITGESCHAKELD'],
  ['PÅ', 'AV'],
  ['TIL', 'FRA'],
  ['ZAPNUTO', 'VYPNUTO'],
  ['WŁĄCZONE', 'WYŁĄCZONE'],
  ['WŁĄCZONY', 'WYŁĄCZONY'],
  ['WŁĄCZ', 'WYŁĄCZ'],
  ['ВКЛЮЧИТЬ', 'ОТКЛЮЧИТЬ'],
  ['ВКЛЮЧИТЬ', 'ВЫКЛЮЧИТЬ'],
  ['ВКЛЮЧЕНО', 'ОТКЛЮЧЕНО'],
  ['ВКЛЮЧЕНО', 'ВЫКЛЮЧЕНО'],
  ['ВКЛЮЧЕН', 'ОТКЛЮЧЕН'],
  ['ВКЛ', 'ВЫКЛ'],
  ['ВКЛ.', 'ВЫКЛ.'],
  ['オン', 'オフ'],
  ['有効', '無効'],
  ['启用', '禁用'],
  ['啟用', '停用'],
  ['启用', '关闭'],
  ['打开', '关闭'],
  ['開啟', '關閉'],
  ['켜기', '끄기'],
  ['켜짐', '꺼짐'],
  ['사용', '사용 안 함'],
  ['설정', '해제'],
  ['BE', 'KI'],
  ['AÇIK', 'KAPALI'],
]

const WORDS: ReadonlyMap<string, boolean> = new Map(
  STATES.flatMap(([on, off]) => [
    [on, true],
    [off, false],
  ]),
)

/** The words whose ASCII letters are enough where a code page garbled the rest of them. */
const GARBLED: ReadonlyMap<string, boolean> = new Map(
  [...WORDS].flatMap(([word, isOn]) => {
    const plain = asciiOf(word)
    return plain !== word && plain.replaceAll('?', '').length >= 4 ? [[plain, isOn]] : []
  }),
)

function asciiOf(word: string): string {
  return word.replaceAll(/[^\x20-\x7e]/g, '?')
}

function stateIn(word: string): boolean | undefined {
  const plain = word.toUpperCase()
  return WORDS.get(plain) ?? GARBLED.get(asciiOf(plain))
}

/** How headings name the profiles, by the beginnings of words in the languages of Windows. */
const NAMES: Readonly<Record<ProfileName, RegExp>> = {
  Domain: /\bdom(?:ain|.{1,2}n|e|i)|домен|ドメイン|域|도메인/i,
  Private: /\bpriv|\bparticulier|частн|プライベート|专用|私人|개인/i,
  Public: /\bp.{1,2}bli[ck]|\bpubbl|.{1,2}ffentli|\bopenba|\bverejn|общ|パブリック|公用|公共|공용|퍼블릭/i,
}

/** The one profile that a heading names; null where it names none, or several. */
function namedIn(heading: string): ProfileName | null {
  const named = PROFILES.filter((name) => NAMES[name].test(heading))
  return named.length === 1 ? (named[0] ?? null) : null
}

/**
 * Reads `netsh advfirewall show allprofiles`, or of one profile, in any language: a heading, a line of dashes, and under it
 * the state, in the first of two columns. The heading names the profile; where its words are not known the order does,
 * which is that of `names`. Names of policies (`BlockInbound`) are the same in every language.
 */
export function readNetsh(stdout: string, names: readonly ProfileName[] = PROFILES): Fact<readonly Profile[]> {
  const readings = readingsOf(stdout).map((text) => profilesIn(text, names))
  return readings.find(({ kind }) => kind === 'value') ?? readings[0] ?? unreadable('netsh shows no profiles')
}

function profilesIn(text: string, names: readonly ProfileName[]): Fact<readonly Profile[]> {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd())
  const rulers = lines.flatMap((line, at) => (/^-{20,}$/.test(line) ? [at] : []))
  const profiles: Profile[] = []
  for (const [index, ruler] of rulers.entries()) {
    const body = lines.slice(ruler + 1, rulers[index + 1] ?? lines.length)
    const [, , word = ''] = /^(\S.*?)\s{2,}(\S.*)$/.exec(body.find((line) => line !== '') ?? '') ?? []
    const enabled = stateIn(word)
    const heading = lines[ruler - 1] ?? ''
    const name = namedIn(heading) ?? (/ Profile Settings/.test(heading) ? undefined : names[index])
    if (enabled === undefined || name === undefined) return unreadable('netsh shows a profile whose state is not known')
    if (profiles.some((it) => it.name === name)) return unreadable('netsh shows a profile twice')
    profiles.push({ name, enabled, letsAllIn: body.some((line) => /\sAllowInbound\b/.test(line)) })
  }
  return profiles.length > 0 ? value(profiles) : unreadable('netsh shows no profiles')
}
