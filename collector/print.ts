/** The only place where the collector's command line writes to its terminal. */
export function print(line: string): void {
  console.log(line)
}

export function printError(line: string): void {
  console.error(line)
}
