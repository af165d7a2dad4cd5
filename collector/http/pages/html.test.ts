import { expect, test } from 'vitest'
import { html } from './html.ts'

const HOSTILE = `"><script>alert('1')</script>&amp;`

test('a value is text, wherever it stands', () => {
  const safe = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;'
  expect(html`<a href="${HOSTILE}">${HOSTILE}</a>`.html).toBe(`<a href="${safe}">${safe}</a>`)
})

test('HTML stays HTML, and lists are put together', () => {
  const items = ['<', '&'].map((it) => html`<i>${it}</i>`)
  expect(html`<b>${items}</b>${html`<u>x</u>`}${[]}`.html).toBe('<b><i>&lt;</i><i>&amp;</i></b><u>x</u>')
})
