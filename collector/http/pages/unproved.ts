import { SCRIPTS } from '../../browser/scripts.ts'
import { html } from './html.ts'
import { pageOf, type Page } from './page.ts'

export type Unproved = {
  checkUrl: string
  /** Something was sent to the protected host, as by a form: whoever goes on from here leaves it behind. */
  isSent?: boolean
}

/** For the 401 of a protected host: sends the browser to the device check, by itself and by a link. */
export function unprovedPage({ checkUrl, isSent = false }: Unproved): Page {
  return isSent ? sentPage(checkUrl) : leadingPage(checkUrl)
}

function leadingPage(checkUrl: string): Page {
  return pageOf({
    title: 'Which laptop is this?',
    // The second is for a gateway that adds a policy of its own, by which the script may not run.
    head: html`<noscript><meta http-equiv="refresh" content="0; url=${checkUrl}" /></noscript>
      <meta http-equiv="refresh" content="3; url=${checkUrl}" /> `,
    script: SCRIPTS.unproved,
    main: html`<main>
      <h1>Which laptop is this?</h1>
      <p class="working">Going on to the device check…</p>
      <p><a href="${checkUrl}">Go on by hand</a> if nothing happens.</p>
    </main>`,
  })
}

function sentPage(checkUrl: string): Page {
  return pageOf({
    title: 'What you sent has to wait',
    main: html`<main>
      <h1>What you sent has to wait</h1>
      <p>
        This browser has to say once more which laptop it runs on. What you sent was <b>not passed on</b>, and nobody
        here keeps it: leave this page open, so that it is not lost.
      </p>
      <ol>
        <li>
          <a href="${checkUrl}" target="_blank" rel="noopener">Check this laptop in a new tab</a>, and come back to this
          one.
        </li>
        <li>Load this page again. Your browser asks whether to send it once more: agree.</li>
      </ol>
    </main>`,
  })
}
