import type { Laptop } from './laptop.ts'
import { plistOf } from './plist.ts'

const json = (...items: object[]) => ({ stdout: JSON.stringify(items) })
const SECURITY_UPDATES = '0fa1201d-4330-4fa8-8ae9-b877473b6441'
const FIREWALL = ['Domain', 'Private', 'Public'].map((Name) => ({ Name, Enabled: 1, DefaultInboundAction: 4 }))
const service = (Name: string, at: number, State = 'Running') => ({
  Name,
  State,
  StartMode: 'Auto',
  ProcessId: 400 + at,
})

/** A Windows 11 laptop that is as it should be: BitLocker with its TPM, Microsoft Defender, no update missing. */
export const WINDOWS: Laptop = {
  platform: 'windows',
  files: {},
  registry: {
    'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion': {
      ProductName: 'Windows 10 Pro',
      CurrentBuild: '26200',
      UBR: 7171,
      DisplayVersion: '25H2',
      EditionID: 'Professional',
      InstallationType: 'Client',
      SystemRoot: 'C:\\Windows',
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment': { PROCESSOR_ARCHITECTURE: 'AMD64' },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State': { UEFISecureBootEnabled: 1 },
    'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System': { InactivityTimeoutSecs: 600 },
    'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon': {},
    'HKCU\\Control Panel\\Desktop': { ScreenSaveActive: '1' },
    'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS': { SystemManufacturer: 'LENOVO', SystemProductName: '21CB' },
    'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters': { Hostname: 'ada-laptop-1' },
  },
  programs: {
    'powershell Get-Service': json(
      service('EventLog', 1),
      service('WinDefend', 2),
      service('mpssvc', 3),
      service('wuauserv', 4),
    ),
    'powershell Win32_SystemDriver': json(),
    'powershell AntiVirusProduct': json({ displayName: 'Windows Defender', productState: 397568, hasProgram: true }),
    'powershell Get-MpComputerStatus': json({
      AMRunningMode: 'Normal',
      AMServiceEnabled: true,
      AntivirusEnabled: true,
      RealTimeProtectionEnabled: true,
      IsTamperProtected: true,
      AntivirusSignatureAge: 0,
      AntivirusSignatureLastUpdated: `/Date(${Date.parse('2026-11-20T06:00:00Z')})/`,
      DefenderSignaturesOutOfDate: false,
      AMProductVersion: '4.18.26100.5',
    }),
    'powershell Win32_EncryptableVolume': json({
      volume: { DriveLetter: 'C:', VolumeType: 0, ProtectionStatus: 1, ConversionStatus: 1, EncryptionMethod: 7 },
      keyProtectors: [{ KeyProtectorType: 1 }, { KeyProtectorType: 3 }],
    }),
    'powershell Get-NetFirewallProfile': json(...FIREWALL),
    'powershell Win32_Tpm': json({
      SpecVersion: '2.0, 0, 1.59',
      IsEnabled_InitialValue: true,
      IsActivated_InitialValue: true,
    }),
    'powershell Win32_BIOS': json({ SerialNumber: 'PF3ABC12', ChassisTypes: [10] }),
    'powershell Microsoft.Update.AutoUpdate': json({
      LastSearchSuccessDate: '2026-11-20T05:00:00.0000000Z',
      LastInstallationSuccessDate: '2026-11-12T05:00:00.0000000Z',
    }),
    'powershell Microsoft.Update.SystemInfo': json({ RebootRequired: false }),
    'powershell Microsoft.Update.Session': json(),
    'powershell QueryHistory': json({
      Title: 'Cumulative Update',
      Operation: 1,
      ResultCode: 2,
      HResult: 0,
      Date: '2026-11-12T05:00:00.0000000Z',
      CategoryIDs: [SECURITY_UPDATES],
    }),
  },
}

const EXTENSION = 'com.crowdstrike.falcon.Agent'

/** A Mac that is as it should be: FileVault, CrowdStrike Falcon, no update missing. */
export const MAC: Laptop = {
  platform: 'macos',
  files: {
    '/System/Library/CoreServices/SystemVersion.plist': plistOf({
      ProductName: 'macOS',
      ProductVersion: '26.7.1',
      ProductBuildVersion: '25H12',
    }),
    '/Library/Preferences/com.apple.SoftwareUpdate.plist': plistOf({
      LastSuccessfulDate: new Date('2026-11-20T04:00:00Z'),
      LastFullSuccessfulDate: new Date('2026-11-20T04:00:00Z'),
      RecommendedUpdates: [],
    }),
    '/Applications/Falcon.app/Contents/Info.plist': '',
  },
  programs: {
    'fdesetup status': { stdout: 'FileVault is On.\n' },
    'diskutil info -plist /': { stdout: plistOf({ FileVault: true, FilesystemType: 'apfs', MountPoint: '/' }) },
    'diskutil list -plist internal': { stdout: plistOf({ AllDisksAndPartitions: [] }) },
    'softwareupdate --list --no-scan': { stdout: 'Software Update Tool\n\n', stderr: 'No new software available.\n' },
    'systemextensionsctl list': {
      stdout: `1 extension(s)\n--- com.apple.system_extension.endpoint_security\nenabled\tactive\tteamID\tbundleID (version)\tname\t[state]\n*\t*\tX9E956P446\t${EXTENSION} (7.21/190.1)\tFalcon\t[activated enabled]\n`,
    },
    'ps -axww -o pid= -o uid= -o state= -o comm=': {
      stdout: `1 0 Ss /sbin/launchd\n301 0 Ss /Library/SystemExtensions/0A1B/${EXTENSION}.systemextension/Contents/MacOS/${EXTENSION}\n`,
    },
    'falconctl stats': {
      stdout:
        '=== agent_info ===\nversion: 7.21.1.0\nagentID: 5B0C9D3E-7F21-4A6B-9C11-0D2E4F6A8B13\nSensor operational: true\n\n=== CloudInfo ===\nCloud Info\nState: connected\n',
    },
    'socketfilterfw --getglobalstate': { stdout: 'Firewall is enabled. (State = 1)\n' },
    'scutil --get LocalHostName': { stdout: 'Adas-Mac\n' },
    'stat -f %u %Su /dev/console': { stdout: '501 ada\n' },
    'sysadminctl -screenLock status': {
      stderr: '2026-11-20 12:00:00.123 sysadminctl[812:9f01] screenLock delay is immediate\n',
    },
    'pmset -g custom': { stdout: 'Battery Power:\n displaysleep         2\nAC Power:\n displaysleep         10\n' },
    'defaults -currentHost read com.apple.screensaver idleTime': { stdout: '600\n' },
    'system_profiler -json SPiBridgeDataType': {
      stdout: JSON.stringify({
        SPiBridgeDataType: [{ ibridge_secure_boot: 'Full Security', ibridge_sb_sip: 'Enabled' }],
      }),
    },
    'system_profiler -json SPHardwareDataType': {
      stdout: JSON.stringify({
        SPHardwareDataType: [{ machine_model: 'Mac16,8', machine_name: 'MacBook Pro', serial_number: 'X1Y2Z3W4V5' }],
      }),
    },
  },
}
