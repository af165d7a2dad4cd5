/** The units that `systemctl` was asked for, by their full names: the words after the verb that are no options. */
export function unitsIn(args: string): string[] {
  const words = args
    .replaceAll(/(?<=^|\s)(?:-p|-t|-o|-n|--property|--type|--output|--lines)\s+\S+/g, '')
    .split(/\s+/)
    .filter((word) => word !== '' && !word.startsWith('-'))
  return words
    .slice(1)
    .map((word) => (/\.(?:service|socket|timer|target|path|mount)$/.test(word) ? word : `${word}.service`))
}
