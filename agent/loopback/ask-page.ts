import { createHash } from 'node:crypto'

/** What a page of the agent is: what it says, and what it may do. */
export type Page = { html: string; headers: Record<string, string> }

/** The look of the collector's own pages: the person comes from one, and goes back to it. */
const STYLE = `:root { color-scheme: light dark; --ground: light-dark(#f3f5f4, #121615); --card: light-dark(#fff, #1b2120); --line: light-dark(#dbe1de, #323b38); --edge: light-dark(#7d8c85, #6b7a74);
  --text: light-dark(#17201c, #e8eeeb); --quiet: light-dark(#55635d, #a3b1ab); --accent: light-dark(#0b6b50, #5cc9a2); --on-accent: light-dark(#fff, #06231a);
  font: 100%/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--text); padding: clamp(1rem, 6vh, 4.5rem) 1rem 2rem }
header, main { max-width: 38rem; margin: 0 auto; overflow-wrap: anywhere }
header { color: var(--quiet); font-size: .875rem; font-weight: 600; padding: 0 .25rem .9rem }
main { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: clamp(1.25rem, 5vw, 2.5rem) }
h1 { font-size: clamp(1.3rem, 4.5vw, 1.65rem); line-height: 1.25; margin: 0 0 .6rem; text-wrap: balance }
p { margin: 0 0 .9rem }
main > :last-child { margin-bottom: 0 }
form { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.4rem 0 }
button { font: inherit; font-weight: 600; border: 1px solid var(--edge); border-radius: 9px; padding: .6rem 1.15rem; background: none; color: var(--accent); cursor: pointer }
button.yes { background: var(--accent); border-color: transparent; color: var(--on-accent) }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.quiet { color: var(--quiet) }`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Asks the person at the laptop, before the agent tells the collector through the browser which laptop this is. */
export function askPage({ issuer, nonce, token }: { issuer: string; nonce: string; token: string }): Page {
  const host = escaped(new URL(issuer).host)
  const body = `<h1>Let <strong>${host}</strong> know which laptop this is?</h1>
<p>You are opening something that is only for laptops in good order. <strong>${host}</strong> looks after that for your
company, and asks the Muster agent, a program on this laptop, which laptop you are using.</p>
<p>If you agree, the agent signs the id of this laptop, and your browser takes it back to <strong>${host}</strong>. It is good
for one minute, and nothing else is told to anybody.</p>
<form method="post" action="/v1/ask">
<input type="hidden" name="nonce" value="${escaped(nonce)}">
<input type="hidden" name="token" value="${escaped(token)}">
<button class="yes" name="answer" value="yes">Yes, let it know</button>
<button name="answer" value="no">No</button>
</form>
<p class="quiet">Were you not opening anything of your company just now? Then choose No, or close this page.</p>`
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
<header>Muster agent on this laptop</header>
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
