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
  readElasticVersion,
} from '../../../agent/probes/endpoint-protection/products/elastic-status.ts'
import {
  readEsetKey,
  readEsetLicence,
  readEsetModules,
  readEsetSettings,
  readEsetVersion,
} from '../../../agent/probes/endpoint-protection/products/eset.ts'
import { readProtectctl } from '../../../agent/probes/endpoint-protection/products/jamf-protect.ts'
import { readRepcli } from '../../../agent/probes/endpoint-protection/products/repcli.ts'
import {
  readSophosHealthKey,
  readSophosStatus,
  readSophosTamperKey,
  readSophosVersion,
} from '../../../agent/probes/endpoint-protection/products/sophos.ts'
import { readDsaQuery, readPatternKey } from '../../../agent/probes/endpoint-protection/products/trend-micro.ts'
import {
  readWazuhDaemons,
  readWazuhInfo,
  readWazuhState,
} from '../../../agent/probes/endpoint-protection/products/wazuh.ts'
import {
  readXProtectInfo,
  readXProtectStatus,
  readXProtectVersion,
} from '../../../agent/probes/endpoint-protection/products/xprotect.ts'
import { onLinux, onMacos, onWindows, type CorpusReader, type NotStarted, type Of } from '../reader.ts'
import { keyOf, saysOf } from './endpoint-protection.ts'

const of = (program: RegExp, args?: RegExp): Of => ({ program, ...(args && { args }) })
const FILE = /^(?:file|cat|type|grep|plutil|powershell)$/
const KEY = /^(?:reg|registry|powershell)$/

/** A capture does not say when its file was written: just now. */
const written = new Date('2026-11-20T10:00:10Z')

export const readers: readonly CorpusReader[] = [
  saysOf(of(/^repcli$/, /^status\b/i), 'carbon-black', { read: readRepcli }),
  saysOf(of(/^cytool$/, /^runtime\b/), 'cortex-xdr', { read: readCytoolRuntime }),
  saysOf(of(/^cytool$/, /^info\b/), 'cortex-xdr', { read: readCytoolInfo }),
  saysOf(of(/^cytool$/, /^last_checkin\b/), 'cortex-xdr', { read: readCytoolCheckIn }),
  saysOf(of(/^elastic-agent$/, /^version\b/), 'elastic-defend', { read: readElasticVersion }),
  saysOf(of(/^elastic-(?:development-)?agent$/, /^status\b/), 'elastic-defend', {
    read: readElasticStatus,
    readError: readElasticError,
  }),
  saysOf(of(/^(?:wazuh|ossec)-control$/, /^status\b/), 'wazuh', {
    read: readWazuhDaemons,
    readError: readWazuhDaemons,
  }),
  saysOf(of(FILE, /(?:wazuh|ossec)-agentd?\.state/i), 'wazuh', {
    read: (text) => readWazuhState(text, { modifiedAt: written, now: written }),
  }),
  saysOf(of(/^wazuh-control$/, /^info\b/), 'wazuh', { read: readWazuhInfo }),
  saysOf(of(/^upd$/, /^-(?:-?version|v)\b/), 'eset', { read: readEsetVersion }),
  saysOf(of(/^upd$/, /^-(?:-?list-modules|l)\b/), 'eset', { read: readEsetModules }),
  saysOf(of(/^lic$/, /^-(?:-?status|s)\b/), 'eset', { read: readEsetLicence }),
  saysOf(onMacos(FILE, /ESET\/Security\/var\/confd\/settings\.json/), 'eset', { read: readEsetSettings }),
  keyOf(onWindows(KEY, /ESET Security\\CurrentVersion\\Info/i), 'eset', readEsetKey),
  saysOf(of(/^dsa_query$/, /^-c\b/), 'trend-micro', { read: readDsaQuery }),
  keyOf(onWindows(KEY, /TrendMicro\\PC-cillinNTCorp/i), 'trend-micro', readPatternKey),
  saysOf(onLinux(/^bduitool$/, /^get (?:ps|productstatus)\b/), 'bitdefender', { read: readBduitool }),
  saysOf(of(/^(?:clamscan|clamdscan|clamd|clamonacc|freshclam)$/, /^(?:--version|-V)\b/), 'clamav', {
    read: readClamVersion,
    readError: readClamError,
  }),
  keyOf(onWindows(KEY, /Sophos\\Health\\Status/i), 'sophos', readSophosHealthKey),
  keyOf(onWindows(KEY, /Sophos Endpoint Defense\\TamperProtection/i), 'sophos', readSophosTamperKey),
  saysOf(onLinux(FILE, /sophos-spl\/base\/VERSION\.ini/), 'sophos', { read: readSophosVersion }),
  saysOf(onLinux(FILE, /SHS(?:_status)?\.xml/i), 'sophos', { read: readSophosStatus }),
  saysOf(onMacos(/^(?:protectctl|jamfprotect)$/, /^(?:info|version)\b/), 'jamf-protect', { read: readProtectctl }),
  saysOf(onMacos(FILE, /XProtect\.(?:bundle|app)\/Contents\/Info\.plist/), 'xprotect', { read: readXProtectInfo }),
  saysOf(onMacos(/^defaults$/, /^read\b.*XProtect\.bundle\/Contents\/Info\b/), 'xprotect', { read: readXProtectInfo }),
  saysOf(onMacos(/^xprotect$/, /^version\b/), 'xprotect', { read: readXProtectVersion }),
  saysOf(onMacos(/^xprotect$/, /^status\b/), 'xprotect', { read: readXProtectStatus }),
]

export const notStarted: readonly NotStarted[] = [
  { of: of(/^cytool$/, /^protect\b/), instead: 'cytool info: this one asks for a password of the console' },
  { of: of(/^cytool$/, /^startup\b/), instead: 'cytool runtime query: what is to start need not run' },
  { of: of(/^elastic-agent$/, /^inspect\b/), instead: 'elastic-agent status: its settings hold secrets' },
  { of: onLinux(/^clamdscan$/, /^--ping\b/), instead: 'control groups tell whether clamd runs' },
  {
    of: onLinux(/^(?:clamconf|sigtool)$/),
    instead: 'clamscan --version tells the version and the day of the signatures',
  },
  { of: of(/^elastic-endpoint$/), instead: 'elastic-agent status tells the state of its component endpoint' },
  { of: of(/^agent_control$/), instead: 'a manager has it, and no agent' },
  {
    of: onLinux(FILE, /sophos-spl\/plugins\//),
    instead: 'VERSION.ini of its base, of which its parts have versions of their own',
  },
  { of: onMacos(FILE, /XProtect\.bundle\/Contents\/Resources\//), instead: "Info.plist of XProtect's bundle" },
  { of: onMacos(/^xprotect$/, /^(?:check|update)\b/), instead: 'xprotect version, which asks nobody' },
]
