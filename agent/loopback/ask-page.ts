import { createHash } from 'node:crypto'

/** What a page of the agent is: what it says, and what it may do. */
export type Page = { html: string; headers: Record<string, string> }

const STYLE = `:root { color-scheme: light dark }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto 3rem; padding: 0 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.75rem 0 }
button { font: inherit; padding: .6rem 1.2rem; border-radius: .4rem; border: 1px solid currentcolor; cursor: pointer }
button.yes { background: #14532d; border-color: #14532d; color: #fff }
button:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
strong { overflow-wrap: anywhere }`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Asks the person at the laptop, before the agent tells the collector through the browser which laptop this is. */
export function askPage({ issuer, nonce, token }: { issuer: string; nonce: string; token: string }): Page {
  const host = escaped(new URL(issuer).host)
  const body = `<h1>Let <strong>${host}</strong> know which laptop this is?</h1>
<p>You are opening something that only laptops in good order may open. <strong>${host}</strong>, which looks after that for
your company, asks the Muster agent on this laptop which laptop you are using.</p>
<p>If you agree, the agent signs the id of this laptop, good for one minute, and your browser goes back to
<strong>${host}</strong> with it. Nothing else is told, and nobody else is told.</p>
<form method="post" action="/v1/ask">
<input type="hidden" name="nonce" value="${escaped(nonce)}">
<input type="hidden" name="token" value="${escaped(token)}">
<button class="yes" name="answer" value="yes">Yes, let it know</button>
<button name="answer" value="no">No</button>
</form>
<p>Were you not opening anything of your company just now? Then choose No, or close this page.</p>`
  return page('Which laptop is this?', body, issuer)
}

/** Says why there is nothing to ask, and what to do. */
export function refusalPage(title: string, advice: string): Page {
  return page(title, `<h1>${escaped(title)}</h1>\n<p>${escaped(advice)}</p>`, null)
}

/** `formTarget` is where the answer to a form may lead besides the agent itself: a redirect after it counts too. */
function page(title: string, body: string, formTarget: string | null): Page {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    formTarget === null ? "form-action 'none'" : `form-action 'self' ${new URL(formTarget).origin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)} - Muster</title>
<style>${STYLE}</style>
<main>
${body}
</main>
</html>
`
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
    },
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
