import { SCRIPTS } from '../../browser/scripts.ts'
import { checkList, countOf, type ShownCheck } from './checks.ts'
import { html } from './html.ts'
import { pageOf, type Page } from './page.ts'

export type Denied = {
  /** The tier that is closed to the laptop. */
  tier: string
  /** Why, where no check says it: `reasonUser` of the decision. */
  reason: string
  checks: readonly ShownCheck[]
  /** The address that was asked for: "Check again" leads back to it. */
  returnTo: string
  /** Something was sent to it, as by a form. */
  isSent?: boolean
}

/** For the 403 of a protected host: what does not pass, what to do, and a button that checks again. */
export function deniedPage({ tier, reason, checks, returnTo, isSent = false }: Denied): Page {
  const found =
    checks.length > 0
      ? html`<p>${countOf(checks)}</p>
          ${checkList(checks)}`
      : html`<p dir="auto">${reason}</p>`
  return pageOf({
    title: 'This laptop does not pass yet',
    script: SCRIPTS.denied,
    connect: [],
    main: html`<main>
      <h1>This laptop does not pass yet</h1>
      <p class="lead">What you want to open is only for laptops that are admitted to <bdi>${tier}</bdi>.</p>
      ${found}
      <p id="note" role="status" tabindex="-1"></p>
      <form method="post" action="/.muster/check-again" class="row">
        <input type="hidden" name="return" value="${returnTo}" />
        <button data-busy="Asking the agent…">Check again</button>
      </form>
      <p class="lead">${isSent ? SENT : WAITING}</p>
    </main>`,
  })
}

const WAITING = 'As soon as it is mended, “Check again” lets you through.'
const SENT =
  'What you sent was not passed on, and nobody here keeps it: leave this page open, so that it is not lost. When “Check again” lets you through, your browser asks whether to send it once more: agree.'
