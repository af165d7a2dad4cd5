import {
  readApfsList,
  readApfsListText,
  toldByApfsList,
} from '../../../agent/probes/disk-encryption/macos/diskutil-apfs.ts'
import { readDiskutilInfo, readDiskutilInfoText } from '../../../agent/probes/disk-encryption/macos/diskutil-info.ts'
import { toldByDiskutil, type DiskutilVolume } from '../../../agent/probes/disk-encryption/macos/diskutil-volume.ts'
import {
  readFdesetupIsActive,
  readFdesetupStatus,
  type FileVault,
} from '../../../agent/probes/disk-encryption/macos/fdesetup.ts'
import { concluded, type CorpusReader, type NotStarted } from '../reader.ts'
import { volumesInWords } from './volumes.ts'

const os = 'macos'
const ofSystem = (it: FileVault) => volumesInWords([{ role: 'system', ...it }])
const ofOne = (it: DiskutilVolume) =>
  volumesInWords([{ ...toldByDiskutil(it), ...(it.mount === '/' && { role: 'system' as const }) }])
const ofList = (it: readonly DiskutilVolume[]) => volumesInWords(toldByApfsList(it))

export const readers: readonly CorpusReader[] = [
  {
    of: { os, program: /^fdesetup$/, args: /^status\b/ },
    read: ({ text }) => concluded(readFdesetupStatus(text), ofSystem),
  },
  {
    of: { os, program: /^fdesetup$/, args: /^isactive\b/ },
    read: ({ text, exitCode }) => concluded(readFdesetupIsActive(text, exitCode), ofSystem),
  },
  {
    of: { os, program: /^diskutil$/, args: /^info\b.*-plist\b/ },
    read: ({ text }) => concluded(readDiskutilInfo(text), ofOne),
  },
  {
    of: { os, program: /^diskutil$/, args: /^info\b/ },
    read: ({ text }) => concluded(readDiskutilInfoText(text), ofOne),
  },
  {
    of: { os, program: /^diskutil$/, args: /^(?:apfs|ap) list\b.*-plist\b/ },
    read: ({ text }) => concluded(readApfsList(text), ofList),
  },
  {
    of: { os, program: /^diskutil$/, args: /^(?:apfs|ap) list\b/ },
    read: ({ text }) => concluded(readApfsListText(text), ofList),
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: { os, program: /^fdesetup$/, args: /^(?:list|has|using|supports|show|validate)/ },
    instead: 'who may unlock the disk, and with which keys, decides nothing',
  },
  {
    of: { os, program: /^diskutil$/, args: /^(?:cs|corestorage)\b/i },
    instead: 'no macOS that the agent runs on has a system on CoreStorage',
  },
]
