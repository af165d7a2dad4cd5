/**
 * Every key of the registry that the agent reads, with the values that it takes from it; none means only whether the key
 * exists. What is not listed is never read: keys of endpoint protection hold secrets beside what is asked. `HKCU` is the
 * user who sits at the machine, not the account of the service.
 */
export const REGISTRY = {
  'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion': [
    'ProductName',
    'CurrentBuild',
    'CurrentBuildNumber',
    'UBR',
    'DisplayVersion',
    'ReleaseId',
    'EditionID',
    'InstallationType',
    'SystemRoot',
  ],
  // CrowdStrike Falcon keeps its id in one of these. Beside it stands the customer's, with which machines join.
  'HKLM\\SYSTEM\\CrowdStrike\\{9b03c1d9-3138-44ed-9fae-d9f4c034b88d}\\{16e0423f-7058-48c9-a204-725362b67639}\\Default':
    ['AG'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\CSAgent\\Sim': ['AG'],
  'HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection\\Status': [
    'OnboardingState',
    'OrgId',
    'LastConnected',
  ],
  'HKLM\\SOFTWARE\\Huntress Labs\\Huntress': ['AgentId'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Sophos Endpoint Defense\\TamperProtection\\Config': ['SEDEnabled'],
  'HKLM\\SOFTWARE\\WOW6432Node\\Sophos\\Health\\Status': ['health', 'service', 'threatService', 'threat'],
  'HKLM\\SOFTWARE\\Sophos\\Health\\Status': ['health', 'service', 'threatService', 'threat'],
  'HKLM\\SOFTWARE\\ESET\\ESET Security\\CurrentVersion\\Info': ['ProductVersion', 'ScannerVersion'],
  'HKLM\\SOFTWARE\\WOW6432Node\\TrendMicro\\PC-cillinNTCorp\\CurrentVersion\\Misc.': ['PatternDate', 'ProgramVer'],
  'HKLM\\SOFTWARE\\TrendMicro\\PC-cillinNTCorp\\CurrentVersion\\Misc.': ['PatternDate', 'ProgramVer'],
  // A driver that starts before Windows (0) encrypts the system volume in its own way.
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\veracrypt': ['Start'],
  // The firewall: group policy, management, then what was set by hand.
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile': ['EnableFirewall', 'DefaultInboundAction'],
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\PrivateProfile': ['EnableFirewall', 'DefaultInboundAction'],
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\PublicProfile': ['EnableFirewall', 'DefaultInboundAction'],
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\StandardProfile': ['EnableFirewall', 'DefaultInboundAction'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\Mdm\\DomainProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\Mdm\\StandardProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\Mdm\\PublicProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\DomainProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\StandardProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile': [
    'EnableFirewall',
    'DefaultInboundAction',
  ],
  // The screen lock: of the machine, of management, of the user by policy and by hand.
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System': ['InactivityTimeoutSecs'],
  'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\DeviceLock': [
    'DevicePasswordEnabled',
    'MaxInactivityTimeDeviceLock',
  ],
  // Beside it may stand a password for signing in by itself.
  'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon': ['ScreenSaverGracePeriod'],
  'HKCU\\Software\\Policies\\Microsoft\\Windows\\Control Panel\\Desktop': [
    'ScreenSaveActive',
    'ScreenSaverIsSecure',
    'ScreenSaveTimeOut',
    'SCRNSAVE.EXE',
  ],
  'HKCU\\Control Panel\\Desktop': ['ScreenSaveActive', 'ScreenSaverIsSecure', 'ScreenSaveTimeOut', 'SCRNSAVE.EXE'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State': ['UEFISecureBootEnabled'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment': ['PROCESSOR_ARCHITECTURE'],
  // Windows Update: management, group policy, what the user has set, its service, and what waits for a restart.
  'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update': ['AllowAutoUpdate', 'AllowRebootlessUpdates'],
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU': ['NoAutoUpdate', 'AUOptions'],
  'HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\Settings': ['PauseUpdatesExpiryTime', 'PauseQualityUpdatesEndTime'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\wuauserv': ['Start'],
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired': [],
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending': [],
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootInProgress': [],
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\PackagesPending': [],
  // What the machine is, and what it is called.
  'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS': ['SystemManufacturer', 'SystemProductName'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters': ['Hostname', 'NV Hostname'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName': ['ComputerName'],
} as const satisfies Record<string, readonly string[]>

/** The values to take from a key, whatever the case of its letters; undefined where the key may not be read. */
export function valuesOf(key: string): readonly string[] | undefined {
  return LISTED.get(key.toLowerCase())
}

const LISTED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(REGISTRY).map(([key, values]) => [key.toLowerCase(), values]),
)
