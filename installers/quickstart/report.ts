import { styleText } from 'node:util'
import type { CheckResult, Standing, Verdict } from '../../shared/standing.ts'

/** What the quick start knows when the collector has answered. */
export type Findings = {
  collectorUrl: string
  consoleUrl: string
  deviceId: string
  gatewayKey: string
  standing: Standing
  attestation: { jws: string; claims: Record<string, unknown> } | null
  data: string
  seconds: number
}

/** A sign besides the colour, so that nothing is told by colour alone. */
const SIGNS: Record<Verdict, [sign: string, colour: 'green' | 'red' | 'yellow' | 'gray']> = {
  pass: ['+', 'green'],
  fail: ['x', 'red'],
  grace: ['!', 'yellow'],
  excepted: ['!', 'yellow'],
  unknown: ['?', 'yellow'],
  stale: ['?', 'yellow'],
  'not-applicable': ['-', 'gray'],
}

/** The text that a first run ends with. */
export function report(findings: Findings): string {
  const { standing, attestation, collectorUrl, consoleUrl, deviceId, gatewayKey, data, seconds } = findings
  const asked = { subject: { type: 'user', id: 'you@example.com', properties: { device_id: deviceId } } }
  const question = { ...asked, action: { name: 'GET' }, resource: { type: 'route', id: 'wiki.example.com/start' } }
  return [
    '',
    heading('Does this machine pass muster?'),
    ...standing.checks.flatMap(checkLines),
    '',
    `Admitted to: ${standing.tiers.join(', ') || 'nothing'}`,
    '',
    heading('The attestation: signed, and anybody can verify it'),
    `  get it     curl -s -H "Authorization: Bearer ${gatewayKey}" ${collectorUrl}/v1/devices/${deviceId}/attestation`,
    `  keys       ${collectorUrl}/.well-known/jwks.json`,
    '  claims',
    indented(attestation ? JSON.stringify(attestation.claims, null, 2) : 'none is issued for this device yet', 4),
    '',
    heading('Ask as a gateway asks (AuthZEN)'),
    `  curl -s ${collectorUrl}/access/v1/evaluation -H "Authorization: Bearer ${gatewayKey}" \\`,
    `    -H "Content-Type: application/json" -d '${JSON.stringify(question)}'`,
    '',
    heading('Have a gateway ask'),
    '  nginx, Caddy or HAProxy before an application on this machine, in five minutes: docs/gateways/README.md',
    '',
    `Console: will be at ${consoleUrl} (not part of this release)`,
    `Data: ${data} (quickstart.json has these addresses and keys for scripts)`,
    `Ready in ${seconds.toFixed(1)} s.`,
    '',
  ].join('\n')
}

function checkLines({ title, verdict, why, fix, deadline, exception, mode }: CheckResult): string[] {
  const [sign, colour] = SIGNS[verdict]
  const until = deadline ? ` until ${deadline}` : ''
  const counted = mode === 'report' ? ' (only reported)' : ''
  const head = `  ${sign} ${title.padEnd(28)} ${verdict}${until}${counted}`
  const lines = [styleText(colour, head), ...wrapped(why, 6)]
  if (exception) lines.push(...wrapped(`Excepted by ${exception.approver}: ${exception.reason}`, 6))
  return fix ? [...lines, ...wrapped(`To do: ${fix}`, 6)] : lines
}

function heading(text: string): string {
  return styleText('bold', text)
}

const WIDTH = 100

function wrapped(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((it) => ' '.repeat(indent) + it)
}

function indented(text: string, by: number): string {
  return text.replace(/^/gm, ' '.repeat(by))
}
