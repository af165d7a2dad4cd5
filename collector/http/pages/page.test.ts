import { describe, expect, test } from 'vitest'
import { digest } from '../../../shared/jws.ts'
import { deniedPage } from './denied.ts'
import { deviceCheckPage } from './device-check.ts'
import { problemPage } from './problem-page.ts'
import { unprovedPage } from './unproved.ts'

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
const check = {
  id: HOSTILE,
  title: HOSTILE,
  verdict: 'grace' as const,
  why: HOSTILE,
  fix: HOSTILE,
  deadline: `2026-12-01T09:30:00.000Z${HOSTILE}`,
}

const pages = [
  ['denied', deniedPage({ tier: HOSTILE, reason: HOSTILE, checks: [check], returnTo: HOSTILE })],
  ['denied without checks', deniedPage({ tier: HOSTILE, reason: HOSTILE, checks: [], returnTo: HOSTILE })],
  ['unproved', unprovedPage({ checkUrl: `https://muster.example/?a=1&b=${HOSTILE}` })],
  ['unproved for what was sent', unprovedPage({ checkUrl: `https://muster.example/?b=${HOSTILE}`, isSent: true })],
  ['problem', problemPage({ title: HOSTILE, fix: HOSTILE, detail: HOSTILE, link: { href: '/', text: HOSTILE } })],
  [
    'device check',
    deviceCheckPage({
      issuerOrigin: HOSTILE,
      issuerUrl: HOSTILE,
      host: HOSTILE,
      tier: HOSTILE,
      ticket: HOSTILE,
      agentHelp: `https://a.example/${HOSTILE}`,
    }),
  ],
] as const

describe.each(pages)('the page %s', (_name, { html, headers }) => {
  const policy = headers['content-security-policy'] ?? ''

  test('shows everything as text', () => {
    expect(html).not.toMatch(/<script>alert|<img/)
    expect(html).toContain('&quot;&#39;&gt;&lt;script&gt;')
  })

  test('runs and looks as its own policy says, and nothing else does', () => {
    const own = [...html.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(
      ([, name, text = '']) => `${name}-src 'sha256-${Buffer.from(digest(text), 'base64url').toString('base64')}'`,
    )
    expect(own.length).toBeGreaterThan(0)
    for (const it of own) expect(policy).toContain(it)
    const tags = html.replaceAll(/"[^"]*"/g, '""').match(/<[a-z][^>]*>/g) ?? []
    expect(tags.filter((tag) => /\s(style|on[a-z]+|src)=/.test(tag))).toEqual([])
    expect(policy).toMatch(/^default-src 'none';/)
    expect(policy).not.toMatch(/unsafe|\*/)
  })

  test('is of nobody else’s frame, memory or log', () => {
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  })
})

test('a refusal names each check with what to do and until when', () => {
  const { html } = deniedPage({
    tier: 'internal',
    reason: '',
    returnTo: 'https://wiki.example.com/a?b=1',
    checks: [
      { id: 'firewall', title: 'Firewall', verdict: 'fail', why: 'the firewall is off', fix: 'Turn it on.' },
      {
        ...check,
        title: 'Screen lock',
        why: 'the screen never locks',
        fix: 'Set it.',
        deadline: '2026-12-01T09:30:00.000Z',
      },
      { id: 'disk', title: 'Disk encryption', verdict: 'unknown', why: 'unreadable' },
    ],
  })
  const plain = html.replaceAll(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '').replaceAll(/\s+/g, ' ')
  expect(plain).toContain('2 things to mend now, and 1 soon:')
  expect(plain).toMatch(/Firewall.*To mend.*the firewall is off.*Turn it on\..*Screen lock.*Soon.*Mend it before/)
  expect(plain).toContain('<time datetime="2026-12-01T09:30:00.000Z">2026-12-01 09:30 UTC</time>')
  expect(plain).toMatch(/Disk encryption.*Could not be read/)
  expect(plain).toContain('name="return" value="https://wiki.example.com/a?b=1"')
})

test('a refusal goes to the check by itself, without scripts too', () => {
  const { html } = unprovedPage({ checkUrl: 'https://muster.example/?a=1&b=2' })
  expect(html).toContain(
    '<noscript><meta http-equiv="refresh" content="0; url=https://muster.example/?a=1&amp;b=2" /></noscript>',
  )
  // Where a gateway adds a policy of its own, nothing runs, and yet scripts are on.
  expect(html.split('</noscript>')[1]).toContain('content="3; url=https://muster.example/?a=1&amp;b=2"')
  expect(html).toContain('location.replace')
})

test('whoever has sent something does not leave it behind unasked', () => {
  const { html } = unprovedPage({ checkUrl: 'https://muster.example/?a=1&b=2', isSent: true })
  expect(html).not.toMatch(/http-equiv|location|<script/)
  expect(html).toMatch(
    /not passed on.*<a href="https:\/\/muster.example\/\?a=1&amp;b=2" target="_blank" rel="noopener">/s,
  )
  const denied = { tier: 'internal', reason: '', checks: [], returnTo: 'https://wiki.example.com/' }
  const says = (isSent: boolean) => deniedPage({ ...denied, isSent }).html.includes('What you sent was not passed on')
  expect([says(true), says(false)]).toEqual([true, false])
})
