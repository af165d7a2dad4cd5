/** What a machine says of itself goes to people's screens: one line, without control characters, cut. */
export function printable(text: string, maxLength: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxLength)
}
