import type { Capture } from './capture.ts'

/** The property that a command of PowerShell shows alone: `(...).Name`, or `-ExpandProperty Name`. */
const ALONE = /(?:-ExpandProperty\s+|\)\.|Get-ItemPropertyValue\b.*\s)['"]?(\w+)['"]?\s*["']?$/i

/**
 * What PowerShell printed, with the name of the property before each value where the command leaves it out, as in the
 * lists that it prints else; and with the `Name` of the one service or profile that was asked for. What wmic gets stands
 * below its name.
 */
export function withNames({ args, text }: Pick<Capture, 'args' | 'text'>): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const [, column] = /\bget\s+(\w+)$/i.exec(args) ?? []
  if (column !== undefined && lines[0]?.trim() === column) {
    return lines
      .slice(1)
      .map((line) => `${column} : ${line.trim()}`)
      .join('\n\n')
  }
  const [, property] = ALONE.exec(args) ?? []
  if (property === undefined || lines.some((line) => /^\w+ *:|^Get-|^\s/.test(line))) return text
  const [, asked] =
    /Get-(?:Service|NetFirewallProfile)\s+(?:-(?:Name|Profile)\s+)?['"]?([\w-]+)['"]?(?=\s*[)|])/i.exec(args) ?? []
  const name = asked === undefined ? '' : `Name : ${asked}\n`
  return lines.map((line) => `${name}${property} : ${line.trim()}`).join('\n\n')
}

/** `mdatp health --field NAME` and, of old versions, `--health NAME` print a value alone: the line that it stands for. */
export function withField({ args, text }: Pick<Capture, 'args' | 'text'>): string {
  const [, field] = /(?:--field|^--health)[ =]+["']?([A-Za-z]\w*)/.exec(args) ?? []
  const isValue = /^\s*(?:"[^"\r\n]*"|[\w.-]+)(?: \[managed\])?\s*$/.test(text)
  return field === undefined || !isValue ? text : `${field} : ${text.trim()}`
}
