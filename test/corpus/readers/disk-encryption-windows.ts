import { withDrive } from '../../../agent/host/recorded-powershell.ts'
import { toldByBitLocker } from '../../../agent/probes/disk-encryption/windows/bitlocker.ts'
import { readEncryptableVolumes } from '../../../agent/probes/disk-encryption/windows/encryptable-volume.ts'
import { readManageBde } from '../../../agent/probes/disk-encryption/windows/manage-bde.ts'
import { readShellProtection } from '../../../agent/probes/disk-encryption/windows/shell-protection.ts'
import { concluded, type CorpusReader, type NotStarted } from '../reader.ts'
import { volumesInWords } from './volumes.ts'

const os = 'windows'

export const readers: readonly CorpusReader[] = [
  {
    of: { os, program: /^(?:wmi|wmic|powershell|pwsh|get-\w+)$/, args: /Win32_EncryptableVolume/i },
    read: ({ text }) => concluded(readEncryptableVolumes(text), (it) => volumesInWords(it.map(toldByBitLocker))),
  },
  {
    of: { os, program: /^(?:powershell|pwsh)$/, args: /Get-BitLockerVolume/i },
    read: ({ text }) => concluded(readEncryptableVolumes(text), (it) => volumesInWords(it.map(toldByBitLocker))),
  },
  {
    of: { os, program: /^get-bitlockervolume$/ },
    read: ({ text }) => concluded(readEncryptableVolumes(text), (it) => volumesInWords(it.map(toldByBitLocker))),
  },
  {
    of: { os, program: /^manage-bde$/, args: /^-status\b/i },
    read: ({ text }) => concluded(readManageBde(text), (it) => volumesInWords(it.map(toldByBitLocker))),
  },
  {
    of: { os, program: /^(?:cmd|powershell|pwsh)$/, args: /\bmanage-bde(?:\.exe)?\s+-status\b/i },
    read: ({ text }) => concluded(readManageBde(text), (it) => volumesInWords(it.map(toldByBitLocker))),
  },
  {
    of: { os, program: /^(?:powershell|pwsh)$/, args: /BitLockerProtection|2D15A9A1-A556-4189-91AD-027458F11A07/i },
    read: ({ text, args }) => concluded(readShellProtection(withDrive(text, args)), volumesInWords),
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: { os, program: /^registry$/, args: /Control\\BitLockerStatus/i },
    instead: 'what it says of a suspended volume is not documented; Win32_EncryptableVolume is asked',
  },
  {
    of: { os, program: /^manage-bde$/, args: /^-protectors\b/i },
    instead: 'it prints recovery passwords; the kinds of protectors are asked of Win32_EncryptableVolume',
  },
]
