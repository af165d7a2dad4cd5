import { html } from './html.ts'
import { pageOf, type Page } from './page.ts'

export type ShownProblem = {
  /** What happened, in one line. */
  title: string
  /** What to do about it. */
  fix: string
  /** For whoever looks into it: the code, and what was wrong this time. */
  detail: string
  /** Where to begin anew. */
  link?: { href: string; text: string }
  /** Where the browser goes by itself. */
  onward?: string
}

/** A page that cannot go on: what happened, and what to do. */
export function problemPage({ title, fix, detail, link, onward }: ShownProblem): Page {
  return pageOf({
    title,
    ...(onward !== undefined && { head: html`<meta http-equiv="refresh" content="0; url=${onward}" /> ` }),
    main: html`<main>
      <h1>${title}</h1>
      <p>${fix}</p>
      ${link ? html`<p class="row"><a class="button" href="${link.href}">${link.text}</a></p>` : html``}
      <p id="code">${detail}</p>
    </main>`,
  })
}
