import { checkList, type ShownCheck } from './checks.ts'
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
  return pageOf({
    title: 'This laptop is not admitted',
    body: html`<main>
      <h1>This laptop is not admitted to ${tier}</h1>
      ${checks.length > 0 ? checkList(checks) : html`<p>${reason}</p>`}
      <form method="post" action="/.muster/check-again">
        <input type="hidden" name="return" value="${returnTo}" /><button>Check again</button>
      </form>
    </main>`,
  })
}
