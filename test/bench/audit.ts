import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAudit } from '../../collector/audit.ts'
import { readCopy, readMarker } from '../../collector/audit/mark.ts'
import { verifyLog } from '../../collector/audit/verify.ts'
import type { DecisionEvent } from '../../collector/protocol/decision-event.ts'
import { openAuditReader } from '../../collector/store/audit-reader.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import { fakeClock } from '../fakes/clock.ts'
import { cpuEach, line, longestHold, micros, millis } from './measure.ts'

const DEVICES = 9000
const DECISIONS = 1_000_000
const DENIALS = 50_000
const START = new Date('2026-11-25T08:00:00Z')

/** What a decision costs for being on record, and how fast a log is verified. */
export async function benchAudit(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  const store = openSqlite(join(folder, 'muster.db'))
  const clock = fakeClock(START)
  const silent = { onError: () => undefined, onDamaged: () => undefined }
  const audit = await openAudit({ store, folder, clock, ...silent })
  const [allows, denials] = [eventsOf(true), eventsOf(false)]
  const decideAll = (events: readonly DecisionEvent[], count: number) => {
    for (let n = 0; n < count; n++) {
      const event = events[n % events.length]
      if (event) audit.decided(event)
    }
  }

  decideAll(allows, DEVICES)
  const counted = await cpuEach(DECISIONS, () => decideAll(allows, DECISIONS))
  let held = 0
  const written = await cpuEach(DEVICES, async () => (held = await longestHold(audit.flush)))
  const fresh = await cpuEach(DEVICES, async () => {
    decideAll(allows, DEVICES)
    await audit.flush()
  })
  const denied = await cpuEach(DENIALS, async () => {
    for (let n = 0; n < DENIALS; n += 5000) {
      clock.pass(60)
      decideAll(eventsOf(false, clock.now()), 5000)
      await audit.flush()
    }
  })
  const flood = await cpuEach(DECISIONS, async () => {
    decideAll(denials, DECISIONS)
    await audit.flush()
  })
  let minuteHeld = 0
  const minute = await cpuEach(1, async () => {
    minuteHeld = await longestHold(async () => {
      for (let second = 0; second < 60; second++) {
        decideAll(eventsOf(true, clock.now(), 1000, second * 1000), 1000)
        await store.probe()
      }
      await audit.flush()
    })
  })
  for (let n = 0; n < 20; n++) {
    decideAll(allows, DEVICES)
    await audit.flush()
  }
  await audit.close()
  await store.close()

  const file = join(folder, 'muster.db')
  const copy = readCopy(folder)
  const reader = openAuditReader(file)
  const began = performance.now()
  const { lines, finding } = verifyLog({ reader, copy, marker: readMarker(folder) })
  const seconds = (performance.now() - began) / 1000
  let bytes = 0
  for (const it of reader.lines(0)) bytes += it.line.length + it.hash.length
  reader.close()

  line('an allow that is counted already', micros(counted), 'budget: under 1 us')
  line(`a count of the minute, written (${DEVICES})`, micros(written), `the event loop held for ${held.toFixed(1)} ms`)
  line('an allow that is the first of its minute, written', micros(fresh))
  line('a denial, written', micros(denied))
  line(`a denial of a flood of ${DECISIONS}`, micros(flood))
  const held60 = `the event loop held for ${minuteHeld.toFixed(0)} ms`
  line('a minute of 1,000 allows a second, of 60,000 laptops', millis(minute), held60)
  line(`verified, ${lines} lines (${finding?.problem ?? 'whole'})`, `${Math.round(lines / seconds)}/s`)
  line('characters of a line', `${Math.round(bytes / lines)}`)
  rmSync(folder, { recursive: true })
}

function eventsOf(allow: boolean, at = START, count = DEVICES, from = 0): DecisionEvent[] {
  return Array.from({ length: count }, (_, index) => from + index).map((n) => ({
    at,
    by: 'forward-auth',
    gateway: { id: 'gw_AvMvgyuouBmu', name: 'wiki-nginx' },
    deviceId: `dev_${String(n).padStart(43, '0')}`,
    provedBy: 'vouched',
    user: `user-${n}@example.com`,
    action: 'GET',
    resource: `https://wiki.example.com/pages/${n % 50}?session=${n}`,
    tier: 'internal',
    client: `10.0.${n >> 8}.${n & 255}`,
    allow,
    code: allow ? null : 'not-admitted',
    reason: allow ? 'admitted to internal' : 'not admitted to internal: firewall is fail (it is off)',
    failing: allow ? [] : ['firewall'],
    policyVersion: 3,
  }))
}
