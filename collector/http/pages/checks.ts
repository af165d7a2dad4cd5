import type { CheckResult } from '../../../shared/standing.ts'
import { html, type Html } from './html.ts'

/** A check as a page shows it. */
export type ShownCheck = Pick<CheckResult, 'id' | 'title' | 'verdict' | 'why' | 'fix' | 'deadline'>

const BADGES: { readonly [Verdict in ShownCheck['verdict']]?: string } = {
  unknown: 'Could not be read',
  stale: 'Not reported',
  grace: 'Soon',
}

/** What does not pass, each with what to do about it and until when. */
export function checkList(checks: readonly ShownCheck[]): Html {
  return html`<ul class="checks">
    ${checks.map(shown)}
  </ul>`
}

/** `2 things to mend now, and 1 soon:` */
export function countOf(checks: readonly ShownCheck[]): string {
  const soon = checks.filter(({ verdict }) => verdict === 'grace').length
  const now = checks.length - soon
  const things = now === 1 ? 'One thing' : `${now} things`
  return soon === 0 ? `${things} to mend:` : `${things} to mend now, and ${soon} soon:`
}

function shown({ title, verdict, why, fix, deadline }: ShownCheck): Html {
  const isSoon = verdict === 'grace'
  return html` <li class="${isSoon ? 'check soon' : 'check'}">
    <h2 dir="auto">${title}</h2>
    <span class="badge">${BADGES[verdict] ?? 'To mend'}</span>
    <p class="why" dir="auto">${why}</p>
    ${fix === undefined ? html`` : html`<p class="fix" dir="auto">${fix}</p>`}
    ${deadline === undefined ? html`` : html`<p class="until">${isSoon ? 'Mend it before' : 'It had until'} <time datetime="${deadline}">${inWords(deadline)}</time></p>`}
  </li>`
}

/** Until a script has written it in the words of the reader: `2026-12-01 09:30 UTC`. */
function inWords(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}
