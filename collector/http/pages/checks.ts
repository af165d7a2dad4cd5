import { html, type Html } from './html.ts'

/** A check as a page shows it. */
export type ShownCheck = { id: string; title: string; why: string; fix?: string; deadline?: string }

/** What does not pass, each with what to do about it and until when. */
export function checkList(checks: readonly ShownCheck[]): Html {
  return html`<ul class="checks">
    ${checks.map(shown)}
  </ul>`
}

function shown({ title, why, fix, deadline }: ShownCheck): Html {
  const until =
    deadline === undefined ? html`` : html`<p class="until">Until <time datetime="${deadline}">${deadline}</time></p>`
  const todo = fix === undefined ? html`` : html`<p class="fix">${fix}</p>`
  return html`<li>
    <h2>${title}</h2>
    <p class="why">${why}</p>
    ${todo}${until}
  </li>`
}
