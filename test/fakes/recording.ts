import type { RecordingEntry } from '../../agent/host/recorded.ts'

/** The entry of a program that ended, as a person writes it. */
export function recordedCommand(program: string, args: string[], stdout: string, exitCode = 0): RecordingEntry {
  return { kind: 'command', program, args, exitCode, stdout, stderr: '' }
}
