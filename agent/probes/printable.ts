/** What a machine says of itself goes to people's screens: one line, without control characters, cut. */
export function printable(text: string, maxLength: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxLength)
}

/** Without the colours that some programs print even where nobody sees them. */
export const withoutColours = (text: string): string => text.replaceAll(COLOURS, '')

// oxlint-disable-next-line no-control-regex
const COLOURS = /\u001B\[[\d;]*m/g
