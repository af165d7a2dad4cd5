/** What dnf, yum and their plugins print around an answer. An error is none of these. */
const NOTES: readonly RegExp[] = [
  /^Last metadata expiration check: /,
  /^(?:Updating and loading repositories:|Repositories loaded\.)$/,
  /^Loaded plugins: /,
  /^\s+: [\w-]+(?:, [\w-]+)*$/,
  /^(?:Loading mirror speeds from cached hostfile|Determining fastest mirrors)$/,
  /^ \* \S+: \S+$/,
  /^(?:Not root, Subscription Management repositories not updated|Updating Subscription Management repositories\.)$/,
  /^(?:This system is not registered|Unable to read consumer identity|Failed to set locale, defaulting to )/,
  /^Repodata is over \d+ weeks? old\. /,
  /^updateinfo (?:list|info) done$/,
]

/** Whether a line says nothing of updates. */
export const isNote = (line: string): boolean => line.trim() === '' || NOTES.some((note) => note.test(line))
