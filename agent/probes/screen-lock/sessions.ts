/** A graphical session of a person, as systemd-logind keeps it. */
export type Session = { uid: number; user: string; desktop: string; isActive: boolean }

/**
 * Reads a file of /run/systemd/sessions; null for what is no graphical session of a person at this machine (a login
 * screen, a terminal, remote). The format is logind's own; asking `loginctl` may wait for D-Bus for half a minute.
 */
export function readSession(text: string): Session | null {
  const fields = new Map([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, key = '', it = '']) => [key, it.trim()]))
  const uid = fields.get('UID') ?? ''
  const isGraphical = ['x11', 'wayland', 'mir'].includes(fields.get('TYPE') ?? '')
  const isPerson = /^user(?:-early)?$/.test(fields.get('CLASS') ?? '')
  const isHere = fields.get('REMOTE') !== '1' && fields.get('STATE') !== 'closing'
  if (!isGraphical || !isPerson || !isHere || !/^\d{1,10}$/.test(uid)) return null
  return {
    uid: Number(uid),
    user: fields.get('USER') ?? '',
    desktop: fields.get('DESKTOP') ?? '',
    isActive: fields.get('ACTIVE') === '1' || fields.get('STATE') === 'active',
  }
}

/** Whoever sits there now; with nobody in front, the first who is still signed in. */
export function foremost(sessions: readonly Session[]): Session | undefined {
  return sessions.find(({ isActive }) => isActive) ?? sessions[0]
}

export type Account = { uid: number; gid: number; home: string }

/** Finds a user in /etc/passwd by number. */
export function accountIn(passwd: string, uid: number): Account | null {
  for (const line of passwd.split('\n')) {
    const [, , ownUid, gid = '', , home = ''] = line.split(':')
    if (ownUid === String(uid) && /^\d+$/.test(gid) && home.startsWith('/')) return { uid, gid: Number(gid), home }
  }
  return null
}

/** Finds a user of a directory (LDAP, Active Directory), who is not in /etc/passwd, by their own service manager. */
export function accountOfManager(environ: string, status: string, uid: number): Account | null {
  const home = environ
    .split('\0')
    .find((entry) => entry.startsWith('HOME=/'))
    ?.slice('HOME='.length)
  const [, owner] = /^Uid:\t(\d+)\t/m.exec(status) ?? []
  const [, gid] = /^Gid:\t(\d+)\t/m.exec(status) ?? []
  return home !== undefined && owner === String(uid) && gid !== undefined ? { uid, gid: Number(gid), home } : null
}
