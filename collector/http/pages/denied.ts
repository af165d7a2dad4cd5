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
}

/** For the 403 of a protected host: what does not pass, what to do, and a button that checks again. */
export function deniedPage({ tier, reason, checks, returnTo }: Denied): Page {
  const found =
    checks.length > 0
      ? html`<p>${countOf(checks)}</p>
          ${checkList(checks)}`
      : html`<p>${reason}</p>`
  return pageOf({
    title: 'This laptop does not pass yet',
    script: SCRIPTS.denied,
    main: html`<main>
      <h1>This laptop does not pass yet</h1>
      <p class="lead">What you want to open is only for laptops that are admitted to <b>${tier}</b>.</p>
      ${found}
      <form method="post" action="/.muster/check-again" class="row">
        <input type="hidden" name="return" value="${returnTo}" />
        <button data-busy="Asking the agent…">Check again</button>
      </form>
      <p class="lead">
        As soon as it is mended, “Check again” lets you through. Nothing of what you sent was passed on.
      </p>
    </main>`,
  })
}
