import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'

/** Engine, then number and day of the signatures, after any warnings about them. */
const VERSION = /^ClamAV (\d+\.\d+\.\d+)[\w.~+-]*(?:\/(\d+)\/(.{1,60}?))?[ \t]*\r?$/m
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/**
 * Reads `clamscan --version`: `ClamAV 1.4.3/27461/Thu Nov 21 09:35:02 2024`. The time is local and names no zone; it is
 * taken as UTC, and so right to less than a day. Without the slashes it found no signatures where it looks for them.
 */
export function readClamVersion(stdout: string): Fact<Told> {
  const [, version, signatures, date = ''] = VERSION.exec(stdout) ?? []
  if (version === undefined) return unreadable('ClamAV told no version')
  if (signatures === undefined) return value({ installed: true, version, issues: ['it finds no signatures'] })
  const definitionsAt = dateOf(date)
  // Only signatures of a known age protect: policies judge it.
  return value({ installed: true, version, ...(definitionsAt !== undefined && { protecting: true, definitionsAt }) })
}

/** Reads what it says where there is no configuration, or only the example of one: that it is there, and nothing else. */
export function readClamError(text: string): Fact<Told> | null {
  return /^ERROR: (?:Can't (?:parse|open)|Please edit the example config file)\b.*\b(?:clamd|freshclam|scan)\b/m.test(
    text,
  )
    ? value({ installed: true })
    : null
}

function dateOf(text: string): string | undefined {
  const [, month = '', day = '', time, year] = DATE.exec(text) ?? []
  const number = MONTHS.findIndex((name) => name === month) + 1
  if (number === 0 || time === undefined || year === undefined) return undefined
  const at = Date.parse(`${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** asctime(3). */
const DATE = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (20\d\d)$/

export const clamav: CatalogueProduct = {
  id: 'clamav',
  linux: {
    // The scanner alone protects nobody; only its daemon counts as installed. Where that has a unit for each
    // configuration (Fedora, RHEL), this is the one that the package brings.
    folder: '/etc/clamd.d',
    holds: 'scan.conf',
    units: ['clamav-daemon.service', 'clamd@scan.service', 'clamd.service'],
    processes: ['clamd'],
    realTime: {
      units: ['clamav-clamonacc.service', 'clamonacc.service', 'clamav-onaccess.service'],
      processes: ['clamonacc'],
    },
    asks: [
      { program: 'clamscan', args: ['--version'], read: readClamVersion, readError: readClamError, needsRoot: false },
    ],
    healthyWhen: { realTime: true, protecting: true },
  },
}
