import { digest } from '../../../shared/jws.ts'
import { html, type Html } from './html.ts'
import { STYLE } from './style.ts'

/** What a page is answered with. */
export type Page = { html: string; headers: Record<string, string> }

type PageParts = {
  title: string
  /** The card of the page: its `main`. */
  main: Html
  /** JavaScript that stands in the page. */
  script?: string
  /** More for the head. */
  head?: Html
  /** Origins that the script may ask, beside that of the page. */
  connect?: readonly string[]
}

const MARK = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <path d="M12 3l7.5 2.8v5.4c0 4.6-3 8.200-7.5 9.800-4.500-1.600-7.500-5.200-7.500-9.800V5.800z" />
  <path d="M8.600 12l2.400 2.400 4.400-4.600" />
</svg>`

/**
 * A whole page, with the headers that go with it: nothing but what stands in it may run, nobody may frame or keep it. A
 * form that is sent from it says where it comes from (`same-origin`), and no other host learns of its address.
 */
export function pageOf({ title, main, script, head, connect }: PageParts): Page {
  const policy = [
    `default-src 'none'`,
    `img-src data:`,
    `style-src '${hashOf(STYLE)}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    ...(connect ? [['connect-src', `'self'`, ...connect].join(' ')] : []),
    `form-action 'self'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
    `require-trusted-types-for 'script'`,
  ].join('; ')
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="data:," />
        ${head ?? html``}
        <title>${title}</title>
        ${element('style', STYLE)}
      </head>
      <body>
        <header>${MARK}<span>Muster device check</span></header>
        ${main} ${script === undefined ? html`` : element('script', script)}
      </body>
    </html> `
  return {
    html: page.html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    },
  }
}

/** With the very text in it that the policy has the hash of: not a line break more. */
function element(name: 'style' | 'script', text: string): Html {
  return { html: `<${name}>${text}</${name}>` }
}

function hashOf(text: string): string {
  return `sha256-${Buffer.from(digest(text), 'base64url').toString('base64')}`
}
