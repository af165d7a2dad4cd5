import { digest } from '../../../shared/jws.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { STYLE } from './style.ts'

/** What a page is answered with. */
export type Page = { html: string; headers: Record<string, string> }

type PageParts = {
  title: string
  body: Html
  /** JavaScript that stands in the page. */
  script?: string
  /** More for the head. */
  head?: Html
  /** Origins that the script may ask, beside that of the page. */
  connect?: readonly string[]
}

/**
 * A whole page, with the headers that go with it: nothing but what stands in it may run, nobody may frame or keep it. A
 * form that is sent from it says where it comes from (`same-origin`), and no other host learns of its address.
 */
export function pageOf({ title, body, script, head, connect }: PageParts): Page {
  const policy = [
    `default-src 'none'`,
    `style-src '${hashOf(STYLE)}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`, `require-trusted-types-for 'script'`]),
    ...(connect ? [`connect-src 'self' ${connect.join(' ')}`] : []),
    `form-action 'self'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${head ?? html``}
        <title>${title}</title>
        <style>
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        ${body}
        ${
          script === undefined
            ? html``
            : html`<script>
                ${{ html: script }}
              </script>`
        }
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

function hashOf(text: string): string {
  return `sha256-${Buffer.from(digest(text), 'base64url').toString('base64')}`
}
