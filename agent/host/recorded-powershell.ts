import type { CommandEntry, RecordingEntry } from './recorded.ts'

/** The answer to a question of `windows/questions.ts`: a person recorded a command line that has its name in it. */
export function recordedAnswer(entries: readonly RecordingEntry[], question: string): CommandEntry | undefined {
  for (const name of [question, ...(ALSO_ASKED.get(question) ?? [])]) {
    const found = entries.find((entry): entry is CommandEntry => asksFor(entry, name))
    if (found) return { ...found, stdout: withDrive(found.stdout, found.args.join(' ')) }
  }
  return undefined
}

/** Commands of people that are answered with the same. */
const ALSO_ASKED: ReadonlyMap<string, readonly string[]> = new Map([
  ['Win32_EncryptableVolume', ['Get-BitLockerVolume']],
])

function asksFor(entry: RecordingEntry, name: string): boolean {
  return (
    entry.kind === 'command' &&
    /\b(?:powershell|pwsh)(?:\.exe)?$/i.test(entry.program) &&
    entry.args.some((argument) => argument.split(/[\s|;(){}'",]+/).includes(name))
  )
}

/** Asked for a property of one drive the shell answers with the number alone; which drive it was the command says. */
export function withDrive(stdout: string, command: string): string {
  const [, letter] = /NameSpace\([\\'"]*([A-Z]:)/i.exec(command) ?? []
  const isNumber = letter !== undefined && /^\s*\d\s*$/.test(stdout)
  return isNumber ? JSON.stringify({ DriveLetter: letter, BitLockerProtection: Number(stdout) }) : stdout
}
