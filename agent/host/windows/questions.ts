/**
 * Everything that PowerShell may be asked, by the name that a recording has for it, with the commands that answer it.
 * No question takes an argument, none asks for a secret, none changes anything. The answer is the JSON of an array.
 * All are asked in one start of PowerShell, but for those that are `slow`: these have a start of their own, when a probe
 * asks. Single quotes only: the script is one argument of a command line.
 */
export const QUESTIONS = {
  'Get-Service': {
    script:
      'Get-CimInstance Win32_Service -Property Name,State,StartMode,ProcessId | Select-Object Name,State,StartMode,ProcessId',
  },
  Win32_SystemDriver: {
    script:
      "Get-CimInstance Win32_SystemDriver -Property Name,State,StartMode | Where-Object { @('CSAgent','SentinelMonitor') -contains $_.Name } | Select-Object Name,State,StartMode",
  },
  AntiVirusProduct: {
    script:
      "Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct | Select-Object displayName,productState,@{ n = 'hasProgram'; e = { Test-Path -LiteralPath ([Environment]::ExpandEnvironmentVariables($_.pathToSignedReportingExe)) } }",
  },
  // Where another antivirus is active the service is stopped, and the question could wait for it for minutes.
  'Get-MpComputerStatus': {
    script:
      "if ((Get-Service WinDefend).Status -eq 'Running') { Get-MpComputerStatus | Select-Object AMRunningMode,AMServiceEnabled,AntivirusEnabled,RealTimeProtectionEnabled,IsTamperProtected,AntivirusSignatureAge,AntivirusSignatureLastUpdated,DefenderSignaturesOutOfDate,AMProductVersion }",
  },
} as const satisfies Record<string, { script: string; slow?: true }>

export type Question = keyof typeof QUESTIONS
