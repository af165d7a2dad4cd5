import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { PROFILES, profileNamed, type Profile, type ProfileName } from './profiles.ts'

/**
 * The words of netsh for "on" and "off", by language; those that the old code pages of the console cannot show stand here
 * for the machines that print UTF-8. A word that is not here says nothing.
 */
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
  ['ATTIVATO', 'DISATTIVATO'],
  ['ATTIVA', 'DISATTIVA'],
  ['ATIVADO', 'DESATIVADO'],
  ['ATIVAR', 'DESATIVAR'],
  ['LIGADO', 'DESLIGADO'],
  ['AAN', 'UIT'],
  ['PÅ', 'AV'],
  ['TIL', 'FRA'],
  ['ZAPNUTO', 'VYPNUTO'],
  ['WŁĄCZONE', 'WYŁĄCZONE'],
  ['WŁĄCZONY', 'WYŁĄCZONY'],
  ['ВКЛЮЧИТЬ', 'ОТКЛЮЧИТЬ'],
  ['ВКЛ', 'ВЫКЛ'],
  ['オン', 'オフ'],
  ['有効', '無効'],
  ['启用', '禁用'],
  ['启用', '关闭'],
  ['打开', '关闭'],
  ['開啟', '關閉'],
  ['켜기', '끄기'],
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

/**
 * Reads `netsh advfirewall show allprofiles`, or of one profile, in any language: a heading, a line of dashes, and under it
 * the state, in the first of two columns. An English heading names the profile; in other languages their order does, which
 * is that of `names`. Names of policies (`BlockInbound`) are the same in every language.
 */
export function readNetsh(stdout: string, names: readonly ProfileName[] = PROFILES): Fact<readonly Profile[]> {
  const lines = stdout.split(/\r?\n/).map((line) => line.trimEnd())
  const rulers = lines.flatMap((line, at) => (/^-{20,}$/.test(line) ? [at] : []))
  const profiles: Profile[] = []
  for (const [index, ruler] of rulers.entries()) {
    const body = lines.slice(ruler + 1, rulers[index + 1] ?? lines.length)
    const [, , word = ''] = /^(\S.*?)\s{2,}(\S.*)$/.exec(body.find((line) => line !== '') ?? '') ?? []
    const enabled = WORDS.get(word.toUpperCase())
    const [, english] = /^(\w+) Profile Settings/.exec(lines[ruler - 1] ?? '') ?? []
    const name = english === undefined ? names[index] : profileNamed(english)
    if (enabled === undefined || name === undefined) return unreadable('netsh shows a profile whose state is not known')
    if (profiles.some((it) => it.name === name)) return unreadable('netsh shows a profile twice')
    profiles.push({ name, enabled, letsAllIn: body.some((line) => /\sAllowInbound\b/.test(line)) })
  }
  return profiles.length > 0 ? value(profiles) : unreadable('netsh shows no profiles')
}
