/**
 * Everything that PowerShell may be asked, by the name that a recording has for it, with the commands that answer it.
 * No question takes an argument, none asks for a secret, none changes anything. The answer is the JSON of an array.
 * All are asked in one start of PowerShell, but for those that are `slow`: these have a start of their own, when a probe
 * asks. Single quotes only: the script is one argument of a command line.
 */
export const QUESTIONS = {
  'Get-Service': {
    script:
      'Get-CimInstance Win32_Service -Property Name,State,StartMode,ProcessId,ExitCode,PathName | Select-Object Name,State,StartMode,ProcessId,ExitCode,PathName',
  },
} as const satisfies Record<string, { script: string; slow?: true }>

export type Question = keyof typeof QUESTIONS
