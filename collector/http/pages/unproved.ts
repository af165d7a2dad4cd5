import { html } from './html.ts'
import { pageOf, type Page } from './page.ts'

/** For the 401 of a protected host: sends the browser to the device check, by itself and by a link. */
export function unprovedPage({ checkUrl }: { checkUrl: string }): Page {
  return pageOf({
    title: 'Which laptop is this?',
    head: html`<meta http-equiv="refresh" content="0; url=${checkUrl}" /> `,
    main: html`<main>
      <h1>Which laptop is this?</h1>
      <p class="working">Going on to the device check…</p>
      <p><a href="${checkUrl}">Go on by hand</a> if nothing happens.</p>
    </main>`,
  })
}
