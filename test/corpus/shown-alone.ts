import type { Capture } from './capture.ts'

/** The property that a command of PowerShell shows alone: `(...).Name`, or `-ExpandProperty Name`. */
const ALONE = /(?:-ExpandProperty\s+|\)\.|Get-ItemPropertyValue\b.*?-Name\s+)['"]?(\w+)['"]?\s*["']?$/i

/**
 * What PowerShell printed, with the name of the property before each value where the command leaves it out, as in the
 * lists that it prints else; and with the `Name` of the one service that was asked for.
 */
export function withNames({ args, text }: Pick<Capture, 'args' | 'text'>): string {
  const [, property] = ALONE.exec(args) ?? []
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (property === undefined || lines.some((line) => /^\w+ *:|^Get-|^\s/.test(line))) return text
  const [, service] = /Get-Service\s+(?:-Name\s+)?['"]?([\w-]+)['"]?(?=\s*[)|])/i.exec(args) ?? []
  const name = service === undefined ? '' : `Name : ${service}\n`
  return lines.map((line) => `${name}${property} : ${line.trim()}`).join('\n\n')
}

/** `mdatp health --field NAME` and, of old versions, `--health NAME` print a value alone: the line that it stands for. */
export function withField({ args, text }: Pick<Capture, 'args' | 'text'>): string {
  const [, field] = /(?:--field|^--health)[ =]+["']?([A-Za-z]\w*)/.exec(args) ?? []
  const isValue = /^\s*(?:"[^"\r\n]*"|[\w.-]+)(?: \[managed\])?\s*$/.test(text)
  return field === undefined || !isValue ? text : `${field} : ${text.trim()}`
}
