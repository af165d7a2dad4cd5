import { html } from './html.ts'
import { pageOf, type Page } from './page.ts'

/** For the 401 of a protected host: sends the browser to the device check, by itself and by a link. */
export function unprovedPage({ checkUrl }: { checkUrl: string }): Page {
  return pageOf({
    title: 'Checking this laptop',
    head: html`<meta http-equiv="refresh" content="0; url=${checkUrl}" /> `,
    body: html`<main>
      <h1>Which laptop is this?</h1>
      <p><a href="${checkUrl}">Go on to the device check</a></p>
    </main>`,
  })
}
