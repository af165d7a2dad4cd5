const GAP = '  '

/** Rows below headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows]
  const widths = headings.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, widthOf(line[column] ?? '')), 0),
  )
  return lines.map((line) => lineOf(line, widths)).join('\n')
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
    .join(GAP)
    .trimEnd()
}

const graphemes = new Intl.Segmenter()
/** Letters that a terminal draws twice as wide: those of East Asia, and emoji. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u
const PLAIN = /^[\x20-\x7e]*$/

/** Columns that a text takes on a terminal. */
function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0)
}
