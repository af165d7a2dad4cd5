/** What dnf, yum and their plugins print around an answer. An error is none of these. */
const NOTES: readonly RegExp[] = [
  /^Last metadata expiration check: /,
  // The same in another language: how long ago, and when that was.
  /^\D+\b\d+:\d\d:\d\d\b.*\b\d{1,2}[:時时시] ?\d\d/,
  // What is fetched on the way: `Updates  12 MB/s | 9.9 MB  00:01`, of dnf 5 with how much of it is there.
  /^ ?\S.* \d+% \| +[\d.-]+ *\S+ \| +[\d.-]+ *\S+ \| +[\d-]\S*\s*$/,
  /^\S.* [\d.]+ [kMG]?B\/s \| +[\d.]+ [kMG]?B +\d\d:\d\d\s*$/,
  /^Waiting for process with pid \d+ to finish\.$/,
  /^Repository \S+ is listed more than once in the configuration$/,
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

/** Amazon Linux tells of a newer release of itself, in a frame. */
export const withoutNotices = (stdout: string): string =>
  stdout.replaceAll(/^={40,}\r?\nWARNING:\r?\n[\s\S]*?^={40,}$/gm, '')

/** Whether a line says nothing of updates. */
export const isNote = (line: string): boolean => line.trim() === '' || NOTES.some((note) => note.test(line))
