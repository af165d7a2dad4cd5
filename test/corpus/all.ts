import * as diskEncryption from './readers/disk-encryption.ts'
import * as diskEncryptionMacos from './readers/disk-encryption-macos.ts'
import * as diskEncryptionWindows from './readers/disk-encryption-windows.ts'
import * as endpointProtectionMore from './readers/endpoint-protection-more.ts'
import * as endpointProtection from './readers/endpoint-protection.ts'
import * as firewall from './readers/firewall.ts'
import * as osLinux from './readers/os-linux.ts'
import * as osUpdatesLinux from './readers/os-updates-linux.ts'
import * as screenLock from './readers/screen-lock.ts'
import * as secureBoot from './readers/secure-boot.ts'
import * as macosSystem from './readers/macos-system.ts'
import * as services from './readers/services.ts'
import * as windowsSystem from './readers/windows-system.ts'
import type { CorpusReader, NotStarted } from './reader.ts'

const ALL = [
  osLinux,
  windowsSystem,
  macosSystem,
  osUpdatesLinux,
  diskEncryption,
  diskEncryptionMacos,
  diskEncryptionWindows,
  endpointProtectionMore,
  endpointProtection,
  firewall,
  screenLock,
  secureBoot,
  services,
]

/** The readers of all signals; of two that fit one command the first counts. */
export const READERS: readonly CorpusReader[] = ALL.flatMap(({ readers }) => readers)

export const NOT_STARTED: readonly NotStarted[] = ALL.flatMap(({ notStarted }) => notStarted)
