/**
 * Everything that PowerShell may be asked, by the name that a recording has for it, with the commands that answer it.
 * No question takes an argument, none asks for a secret, none changes anything. The answer is the JSON of an array.
 * All are asked in one start of PowerShell, in this order, so that one that hangs costs none before it; but those that
 * are `slow` have a start of their own, when a probe asks. Single quotes only: the script is one argument of a command
 * line.
 */
export const QUESTIONS = {
  'Get-Service': {
    script:
      'Get-CimInstance Win32_Service -Property Name,State,StartMode,ProcessId | Select-Object Name,State,StartMode,ProcessId',
  },
  Win32_SystemDriver: {
    script:
      "Get-CimInstance Win32_SystemDriver -Property Name,State,StartMode | Where-Object { @('CSAgent','SentinelMonitor','cyvrmtgn','cyvrfsfd') -contains $_.Name } | Select-Object Name,State,StartMode",
  },
  AntiVirusProduct: {
    script:
      "Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct | Select-Object displayName,productState,@{ n = 'hasProgram'; e = { Test-Path -LiteralPath ([Environment]::ExpandEnvironmentVariables($_.pathToSignedReportingExe)) } }",
  },
  // What a method could not tell is left out. Of the protectors only ids and kinds are asked, never what they hold.
  Win32_EncryptableVolume: {
    script:
      "foreach ($v in Get-CimInstance -Namespace root/CIMV2/Security/MicrosoftVolumeEncryption -ClassName Win32_EncryptableVolume) { $call = { param($name, $in) try { $with = @{ InputObject = $v; MethodName = $name }; if ($in) { $with.Arguments = $in }; $out = Invoke-CimMethod @with; if ($out.ReturnValue -eq 0) { $out } } catch { } }; $it = @{ volume = $v | Select-Object DriveLetter,DeviceID,VolumeType,ProtectionStatus,ConversionStatus,EncryptionMethod }; $a = & $call 'GetConversionStatus' @{ PrecisionFactor = [uint32]0 }; if ($a) { $it.conversionStatus = $a | Select-Object ConversionStatus,EncryptionPercentage,EncryptionFlags }; $a = & $call 'GetLockStatus'; if ($a) { $it.lockStatus = $a | Select-Object LockStatus }; $a = & $call 'GetSuspendCount'; if ($a) { $it.suspendCount = $a | Select-Object SuspendCount }; $a = & $call 'GetKeyProtectors' @{ KeyProtectorType = [uint32]0 }; if ($a) { $it.keyProtectors = @(foreach ($id in $a.VolumeKeyProtectorID) { $kind = & $call 'GetKeyProtectorType' @{ VolumeKeyProtectorID = $id }; @{ KeyProtectorType = [int]$kind.KeyProtectorType } }) }; $it }",
  },
  Win32_Tpm: {
    script:
      'Get-CimInstance -Namespace root/cimv2/Security/MicrosoftTpm -ClassName Win32_Tpm | Select-Object SpecVersion,IsEnabled_InitialValue,IsActivated_InitialValue,IsOwned_InitialValue',
  },
  'Get-Tpm': { script: 'Get-Tpm | Select-Object TpmPresent,TpmReady' },
  // The only one of the three that needs no administrator.
  Win32_PnPEntity: {
    script:
      "Get-CimInstance Win32_PnPEntity -Filter 'PNPClass = ''SecurityDevices''' | Select-Object DeviceID,HardwareID,Present",
  },
  // Of use only where updates without a restart are wanted.
  Win32_DeviceGuard: {
    script:
      "$policy = Get-ItemProperty -LiteralPath 'Registry::HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update' -ErrorAction SilentlyContinue; if ($policy.AllowRebootlessUpdates -eq 1) { Get-CimInstance -Namespace root/Microsoft/Windows/DeviceGuard -ClassName Win32_DeviceGuard | Select-Object VirtualizationBasedSecurityStatus }",
  },
  Win32_BIOS: {
    script:
      '@{ SerialNumber = (Get-CimInstance Win32_BIOS -Property SerialNumber).SerialNumber; ChassisTypes = @((Get-CimInstance Win32_SystemEnclosure -Property ChassisTypes).ChassisTypes) }',
  },
  // Times of these objects are UTC and do not say so.
  'Microsoft.Update.AutoUpdate': {
    script:
      "$found = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results; $utc = { param($at) if ($at) { [DateTime]::SpecifyKind($at, 'Utc').ToString('o') } }; @{ LastSearchSuccessDate = & $utc $found.LastSearchSuccessDate; LastInstallationSuccessDate = & $utc $found.LastInstallationSuccessDate }",
  },
  'Microsoft.Update.SystemInfo': {
    script: '@{ RebootRequired = (New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired }',
  },
  // In numbers: the words of these enumerations depend on the version of PowerShell.
  'Get-NetFirewallProfile': {
    script:
      "Get-NetFirewallProfile -PolicyStore ActiveStore | Select-Object Name,@{ n = 'Enabled'; e = { [int]$_.Enabled } },@{ n = 'DefaultInboundAction'; e = { [int]$_.DefaultInboundAction } }",
  },
  // For those who may not ask `Win32_EncryptableVolume`, and only for them: the shell is started for it.
  'System.Volume.BitLockerProtection': {
    script:
      "if (-not ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { $shell = New-Object -ComObject Shell.Application; Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 2 or DriveType = 3' -Property DeviceID,DriveType | ForEach-Object { $drive = $shell.NameSpace([string]$_.DeviceID); $it = @{ DriveLetter = $_.DeviceID; DriveType = $_.DriveType; SystemDrive = $env:SystemDrive }; if ($drive) { $it.BitLockerProtection = $drive.Self.ExtendedProperty('System.Volume.BitLockerProtection') }; $it } }",
  },
  // Where another antivirus is active the service is stopped, and the question could wait for it for minutes.
  'Get-MpComputerStatus': {
    script:
      "if ((Get-Service WinDefend).Status -eq 'Running') { Get-MpComputerStatus | Select-Object AMRunningMode,AMServiceEnabled,AntivirusEnabled,RealTimeProtectionEnabled,IsTamperProtected,AntivirusSignatureAge,AntivirusSignatureLastUpdated,DefenderSignaturesOutOfDate,AMProductVersion }",
  },
  // Only where the registry does not tell.
  'Confirm-SecureBootUEFI': {
    script: '@{ Enabled = Confirm-SecureBootUEFI; SetupMode = (Get-SecureBootUEFI -Name SetupMode).Bytes[0] -eq 1 }',
    slow: true,
  },
  // Only where neither the registry nor `ver` tells the version.
  Win32_OperatingSystem: {
    script:
      'Get-CimInstance Win32_OperatingSystem -Property BuildNumber,Version,Caption,ProductType,OSArchitecture | Select-Object BuildNumber,Version,Caption,ProductType,OSArchitecture',
    slow: true,
  },
  // By what the last search of Windows Update found, without the network; still it can take minutes.
  'Microsoft.Update.Session': {
    script:
      "$searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher(); $searcher.Online = $false; $found = $searcher.Search('IsInstalled=0 and IsHidden=0 and Type=''Software'''); if ($found.ResultCode -ne 2) { throw ('the search ended with ' + $found.ResultCode) }; $found.Updates | ForEach-Object { @{ Title = $_.Title; KBArticleIDs = @($_.KBArticleIDs); MsrcSeverity = $_.MsrcSeverity; CategoryIDs = @($_.Categories | ForEach-Object { $_.CategoryID }) } }",
    slow: true,
  },
  QueryHistory: {
    script:
      "$utc = { param($at) if ($at) { [DateTime]::SpecifyKind($at, 'Utc').ToString('o') } }; (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher().QueryHistory(0, 100) | ForEach-Object { @{ Title = $_.Title; Operation = [int]$_.Operation; ResultCode = [int]$_.ResultCode; HResult = $_.HResult; Date = & $utc $_.Date; CategoryIDs = @($_.Categories | ForEach-Object { $_.CategoryID }) } }",
    slow: true,
  },
  'Get-HotFix': {
    script:
      "Get-HotFix | ForEach-Object { $it = @{ HotFixID = $_.HotFixID; Description = $_.Description }; if ($_.InstalledOn) { $it.InstalledOn = ([DateTime]$_.InstalledOn).ToString('yyyy-MM-dd') }; $it }",
    slow: true,
  },
} as const satisfies Record<string, { script: string; slow?: true }>

export type Question = keyof typeof QUESTIONS
