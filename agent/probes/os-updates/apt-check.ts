import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/** How many updates there are, and how many of them are for security; null where that is not told. */
export type Totals = { pending: number; pendingSecurity: number | null }

/**
 * Reads what update-notifier's `apt-check` prints, on stderr: `157;80`, all updates and those of them that bring a
 * security fix, whatever Python says around it. With `--human-readable` it writes sentences, which it also keeps in
 * `/var/lib/update-notifier/updates-available`.
 */
export function readAptCheck(text: string): Fact<Totals> {
  const numbers = [...text.matchAll(/^[^\S\n]*(\d{1,6});(\d{1,6})[^\S\n]*$/gm)]
  const [[, pending, security] = []] = numbers
  if (numbers.length === 1) return totals(Number(pending), Number(security))
  const all = /^(\d{1,6}) (?:updates? can be applied immediately|packages? can be updated)\.\s*$/m.exec(text)?.[1]
  if (numbers.length > 0 || all === undefined) return unreadable('apt-check tells no number of updates')
  return totals(Number(all), fixesIn(text, Number(all)))
}

const totals = (pending: number, pendingSecurity: number | null): Fact<Totals> =>
  pendingSecurity !== null && pendingSecurity > pending
    ? unreadable('apt-check counts more security updates than updates')
    : value({ pending, pendingSecurity })

/** Each kind of fixes (standard, those of Ubuntu Pro) has a sentence of its own; where there are none it may be left out. */
function fixesIn(text: string, pending: number): number | null {
  const counts = [...text.matchAll(FIXES)].map(([, count]) => Number(count))
  if (counts.length > 0) return counts.reduce((sum, count) => sum + count)
  // The last line stands wherever something is pending, so what is not said before it is none.
  const isWhole = pending === 0 || /^To see these additional updates run: apt list/m.test(text)
  return isWhole ? 0 : null
}

const FIXES =
  /^(\d{1,6}) (?:of these updates (?:is|are)(?: an?)? .*|updates? (?:is|are)(?: an?)? )security updates?\.\s*$/gm
