/**
 * What stands behind the labels of lines `Label: text` (or `Label[text]`, and after a `-` or `*` of a list), by their
 * labels in small letters. The text goes from the first colon to the end of its line, without the blanks around it. Two
 * different answers to one question are none: such a label is left out.
 */
export function labelledLines(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string | null>()
  for (const line of text.split(/\r?\n/)) {
    const label = labelOf(line)
    if (!label || label.text === '') continue
    const before = found.get(label.name)
    found.set(label.name, before === undefined || before === label.text ? label.text : null)
  }
  return new Map([...found].flatMap(([name, it]) => (it === null ? [] : [[name, it] as const])))
}

/** The label of a line, in small letters, and its text, which is empty for a heading; null where it has no label. */
export function labelOf(line: string): { name: string; text: string } | null {
  const [, name, colon, bracket] = LABEL.exec(line) ?? []
  const text = colon ?? bracket
  return name === undefined || text === undefined ? null : { name: name.toLowerCase(), text: text.trim() }
}

const LABEL = /^\s*(?:[-*]\s+)?([A-Za-z][\w .&()/-]{0,60}?)\s*(?::(?!\/\/)(.*)|\[([^[\]]*)\]\s*)$/
