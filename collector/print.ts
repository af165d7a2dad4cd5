/** Where a command line writes. */
export type Terminal = {
  /** For a person: what a device calls itself cannot move the cursor, or turn the direction of writing. */
  print(text: string): void
  printError(text: string): void
  /** For a script: one line of JSON. */
  printJson(value: unknown): void
  /** As it is. */
  write(text: string): void
  /** Replaces what was told of the progress before; null takes it away. Only shown where somebody watches. */
  progress(text: string | null): void
}

// Control characters but tab and line feed, marks of direction, and line separators.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

type Stream = { write(text: string): unknown; isTTY?: boolean }

const safe = (text: string) => text.replace(UNSAFE, '?')

/** A terminal that writes to the two streams of a process. */
export function terminalOn(out: Stream, error: Stream): Terminal {
  return {
    print: (text) => void out.write(`${safe(text)}\n`),
    printError: (text) => void error.write(`${safe(text)}\n`),
    printJson: (value) => void out.write(`${asciiControls(JSON.stringify(value))}\n`),
    write: (text) => void out.write(text),
    progress(text) {
      if (error.isTTY) error.write(`\r\u001b[2K${safe(text ?? '')}`)
    },
  }
}

/** The same JSON: what stands raw in it could still be taken for an order by a terminal. */
function asciiControls(json: string): string {
  return json.replace(UNSAFE, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
