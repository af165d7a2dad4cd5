import { readBduitool } from '../../../agent/probes/endpoint-protection/products/bitdefender.ts'
import { readClamError, readClamVersion } from '../../../agent/probes/endpoint-protection/products/clamav.ts'
import {
  readCytoolCheckIn,
  readCytoolInfo,
  readCytoolRuntime,
} from '../../../agent/probes/endpoint-protection/products/cytool.ts'
import {
  readElasticError,
  readElasticStatus,
} from '../../../agent/probes/endpoint-protection/products/elastic-status.ts'
import {
  readEsetKey,
  readEsetLicence,
  readEsetModules,
  readEsetVersion,
} from '../../../agent/probes/endpoint-protection/products/eset.ts'
import { readProtectctl } from '../../../agent/probes/endpoint-protection/products/jamf-protect.ts'
import { readRepcli } from '../../../agent/probes/endpoint-protection/products/repcli.ts'
import {
  readSophosHealthKey,
  readSophosStatus,
  readSophosTamperKey,
} from '../../../agent/probes/endpoint-protection/products/sophos.ts'
import { readDsaQuery } from '../../../agent/probes/endpoint-protection/products/trend-micro.ts'
import { readWazuhInfo, readWazuhState } from '../../../agent/probes/endpoint-protection/products/wazuh.ts'
import {
  readXProtectInfo,
  readXProtectStatus,
  readXProtectVersion,
} from '../../../agent/probes/endpoint-protection/products/xprotect.ts'
import type { CorpusReader, NotStarted, Of } from '../reader.ts'
import { keyOf, onLinux, onMacos, onWindows, saysOf } from './endpoint-protection.ts'

const of = (program: RegExp, args?: RegExp): Of => ({ program, ...(args && { args }) })
const FILE = /^(?:file|cat|type|plutil)$/
const KEY = /^(?:reg|registry|powershell)$/

/** A capture does not say when its file was written: just now. */
const written = new Date('2026-11-20T10:00:10Z')

export const readers: readonly CorpusReader[] = [
  saysOf(of(/^repcli$/, /^status\b/i), 'carbon-black', { read: readRepcli }),
  saysOf(of(/^cytool$/, /^runtime\b/), 'cortex-xdr', { read: readCytoolRuntime }),
  saysOf(of(/^cytool$/, /^info\b/), 'cortex-xdr', { read: readCytoolInfo }),
  saysOf(of(/^cytool$/, /^last_checkin\b/), 'cortex-xdr', { read: readCytoolCheckIn }),
  saysOf(of(/^elastic-agent$/, /^status\b/), 'elastic-defend', {
    read: readElasticStatus,
    readError: readElasticError,
  }),
  saysOf(of(FILE, /(?:wazuh|ossec)-agentd?\.state/i), 'wazuh', {
    read: (text) => readWazuhState(text, { modifiedAt: written, now: written }),
  }),
  saysOf(of(/^wazuh-control$/, /^info\b/), 'wazuh', { read: readWazuhInfo }),
  saysOf(of(/^upd$/, /^-{1,2}version\b/), 'eset', { read: readEsetVersion }),
  saysOf(of(/^upd$/, /^-{1,2}list-modules\b/), 'eset', { read: readEsetModules }),
  saysOf(of(/^lic$/, /^-{1,2}status\b/), 'eset', { read: readEsetLicence }),
  keyOf(onWindows(KEY, /ESET Security\\CurrentVersion\\Info/i), 'eset', readEsetKey),
  saysOf(of(/^dsa_query$/, /^-c\b/), 'trend-micro', { read: readDsaQuery }),
  saysOf(onLinux(/^bduitool$/, /^get ps\b/), 'bitdefender', { read: readBduitool }),
  saysOf(onLinux(/^(?:clamscan|clamdscan|clamd|clamonacc|freshclam)$/, /^(?:--version|-V)\b/), 'clamav', {
    read: readClamVersion,
    readError: readClamError,
  }),
  keyOf(onWindows(KEY, /Sophos\\Health\\Status/i), 'sophos', readSophosHealthKey),
  keyOf(onWindows(KEY, /Sophos Endpoint Defense\\TamperProtection/i), 'sophos', readSophosTamperKey),
  saysOf(onLinux(FILE, /SHS_status\.xml/i), 'sophos', { read: readSophosStatus }),
  saysOf(onMacos(/^protectctl$/, /^info\b/), 'jamf-protect', { read: readProtectctl }),
  saysOf(onMacos(FILE, /XProtect\.bundle\/Contents\/Info\.plist/), 'xprotect', { read: readXProtectInfo }),
  saysOf(onMacos(/^xprotect$/, /^version\b/), 'xprotect', { read: readXProtectVersion }),
  saysOf(onMacos(/^xprotect$/, /^status\b/), 'xprotect', { read: readXProtectStatus }),
]

export const notStarted: readonly NotStarted[] = [
  { of: of(/^elastic-agent$/, /^version\b/), instead: 'elastic-agent status tells the version too' },
  { of: of(/^elastic-endpoint$/), instead: 'elastic-agent status tells the state of its component endpoint' },
  { of: onLinux(/^wazuh-control$/, /^status\b/), instead: 'control groups tell whether wazuh-agentd runs' },
]
