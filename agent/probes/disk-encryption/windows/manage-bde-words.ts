import type { Volume } from '../../../../shared/signals.ts'
import type { BitLocker, Conversion, Protector } from './bitlocker.ts'

/**
 * What `manage-bde.exe` says in the languages of Windows. Whole answers only: what is not here is not known. A letter
 * with an accent may stand as any one to three signs, for the console's code page is not ours.
 */
type Words<T> = readonly (readonly [words: RegExp, meaning: T])[]

const PROTECTIONS: Words<NonNullable<BitLocker['protection']>> = [
  [/^protection off$/, 'off'],
  [/^protection on$/, 'on'],
  [/^(?:der )?schutz (?:ist )?(?:deaktiviert|ausgeschaltet|aus)$/, 'off'],
  [/^(?:der )?schutz (?:ist )?(?:aktiviert|eingeschaltet|ein)$/, 'on'],
  [/^(?:la )?protection (?:est )?d.{1,3}sactiv.{1,3}e$/, 'off'],
  [/^(?:la )?protection (?:est )?activ.{1,3}e$/, 'on'],
  [/^(?:la )?protecci.{1,3}n (?:est.{1,3} )?(?:desactivada|deshabilitada)$/, 'off'],
  [/^(?:la )?protecci.{1,3}n (?:est.{1,3} )?(?:activada|habilitada)$/, 'on'],
  [/^protezione disattivata$/, 'off'],
  [/^protezione attivata$/, 'on'],
  [/^prote.{2,6}o (?:desativada|desligada|desactivada)$/, 'off'],
  [/^prote.{2,6}o (?:ativada|ligada|activada)$/, 'on'],
  [/^защита (?:отключена|выключена)$/, 'off'],
  [/^защита (?:включена|активна)$/, 'on'],
  [/^保護は(?:オフ|無効)(?:です)?$/, 'off'],
  [/^保護は(?:オン|有効)(?:です)?$/, 'on'],
  [/^保[护護]已?(?:关闭|關閉|停用|禁用)$/, 'off'],
  [/^保[护護]已?(?:打开|开启|开|启用|開啟|啟用)$/, 'on'],
  [/^보호 (?:해제|해제됨|꺼짐|끔)$/, 'off'],
  [/^보호 (?:설정|설정됨|켜짐|켬)$/, 'on'],
  [/^(?:de )?beveiliging (?:is )?(?:uit|uitgeschakeld)$/, 'off'],
  [/^(?:de )?beveiliging (?:is )?(?:aan|ingeschakeld)$/, 'on'],
  [/^ochrona (?:jest )?wy.{1,3}.{1,3}czona$/, 'off'],
  [/^ochrona (?:jest )?w[^y].{1,5}czona$/, 'on'],
  [/^ochrana (?:je )?vypnuta$/, 'off'],
  [/^ochrana (?:je )?zapnuta$/, 'on'],
  [/^skydd(?:et)? (?:.{1,3}r )?(?:av|inaktiverat|avst.{1,3}ngt)$/, 'off'],
  [/^skydd(?:et)? (?:.{1,3}r )?(?:p.{1,3}|aktiverat)$/, 'on'],
  [/^beskyttelse(?:n)? (?:er )?(?:fra|av|sl.{1,3}et fra|sl.{1,3}tt av)$/, 'off'],
  [/^beskyttelse(?:n)? (?:er )?(?:til|p.{1,3}|sl.{1,3}et til|sl.{1,3}tt p.{1,3})$/, 'on'],
  [/^koruma kapal.{1,3}$/, 'off'],
  [/^koruma a.{2,6}k$/, 'on'],
  [
    /^(?:unknown|unbekannt|inconnue?|desconocid[oa]|sconosciut[oa]|desconhecid[oa]|неизвестн.*|不明|未知|onbekend|nieznan.|ok.{1,3}nd|bilinmiyor|알 수 없음)$/,
    'unknown',
  ],
]

const CONVERSIONS: Words<Conversion> = [
  [/^fully decrypted$/, 'decrypted'],
  [/^(?:fully|used space only) encrypted$/, 'encrypted'],
  [/^(?:used space only )?encryption in progress/, 'encrypting'],
  [/^decryption in progress/, 'decrypting'],
  [/^encryption (?:paused|suspended)/, 'encryption paused'],
  [/^decryption (?:paused|suspended)/, 'decryption paused'],
  [/^vollst.{1,3}ndig entschl.{1,3}sselt$/, 'decrypted'],
  [/^vollst.{1,3}ndig verschl.{1,3}sselt$/, 'encrypted'],
  [/^nur (?:verwendeter|belegter|genutzter) speicher(?:platz)?(?: ist| wurde)? verschl.{1,3}sselt$/, 'encrypted'],
  [/^verschl.{1,3}sselung (?:angehalten|unterbrochen|pausiert|wurde angehalten)/, 'encryption paused'],
  [/^entschl.{1,3}sselung (?:angehalten|unterbrochen|pausiert|wurde angehalten)/, 'decryption paused'],
  [/^verschl.{1,3}sselung (?:wird|l.{1,3}uft|in bearbeitung|aktiv)/, 'encrypting'],
  [/^entschl.{1,3}sselung (?:wird|l.{1,3}uft|in bearbeitung|aktiv)/, 'decrypting'],
  [/^(?:int.{1,3}gralement|enti.{1,3}rement|compl.{1,3}tement) d.{1,3}chiffr.{1,3}$/, 'decrypted'],
  [/^(?:int.{1,3}gralement|enti.{1,3}rement|compl.{1,3}tement) chiffr.{1,3}$/, 'encrypted'],
  [/^espace utilis.{1,3} uniquement chiffr.{1,3}$/, 'encrypted'],
  [/^chiffrement en cours/, 'encrypting'],
  [/^d.{1,3}chiffrement en cours/, 'decrypting'],
  [/^chiffrement (?:suspendu|interrompu|en pause)/, 'encryption paused'],
  [/^d.{1,3}chiffrement (?:suspendu|interrompu|en pause)/, 'decryption paused'],
  [/^(?:(?:completamente|totalmente) descifrad[oa]|descifrado completo)$/, 'decrypted'],
  [/^(?:(?:completamente|totalmente) cifrad[oa]|cifrado completo)$/, 'encrypted'],
  [/^cifrado s.{1,3}lo (?:de |del |el )?espacio (?:usado|utilizado)$/, 'encrypted'],
  [/^s.{1,3}lo (?:el )?espacio (?:usado|utilizado)(?: est.{1,3})? cifrado$/, 'encrypted'],
  [/^cifrado en (?:curso|progreso)/, 'encrypting'],
  [/^descifrado en (?:curso|progreso)/, 'decrypting'],
  [/^cifrado (?:en pausa|pausado|suspendido)/, 'encryption paused'],
  [/^descifrado (?:en pausa|pausado|suspendido)/, 'decryption paused'],
  [
    /^(?:completamente decrittografat[oa]|decrittografat[oa] completamente|decrittografia complet(?:a|ata))$/,
    'decrypted',
  ],
  [/^(?:completamente crittografat[oa]|crittografat[oa] completamente|crittografia complet(?:a|ata))$/, 'encrypted'],
  [/^(?:crittografia )?sol[oa] (?:dello )?spazio (?:utilizzato|usato)(?: crittografato)?$/, 'encrypted'],
  [/^crittografia in corso/, 'encrypting'],
  [/^decrittografia in corso/, 'decrypting'],
  [/^crittografia (?:sospesa|in pausa)/, 'encryption paused'],
  [/^decrittografia (?:sospesa|in pausa)/, 'decryption paused'],
  [/^(?:totalmente|completamente) (?:descriptografad|desencriptad)[oa]$/, 'decrypted'],
  [/^(?:totalmente|completamente) (?:criptografad|encriptad)[oa]$/, 'encrypted'],
  [/^(?:somente|apenas) (?:o )?espa.{1,3}o (?:usado|utilizado) (?:criptografad|encriptad)o$/, 'encrypted'],
  [/^(?:criptografia|encripta.{2,6}o) em (?:andamento|curso|progresso)/, 'encrypting'],
  [/^(?:descriptografia|desencripta.{2,6}o) em (?:andamento|curso|progresso)/, 'decrypting'],
  [/^(?:criptografia|encripta.{2,6}o) (?:em pausa|pausada)/, 'encryption paused'],
  [/^(?:descriptografia|desencripta.{2,6}o) (?:em pausa|pausada)/, 'decryption paused'],
  [/^полностью (?:расшифрован|дешифрован)[оа]?$/, 'decrypted'],
  [/^полностью зашифрован[оа]?$/, 'encrypted'],
  [/^зашифровано только (?:занятое|используемое|использованное) (?:место|пространство)$/, 'encrypted'],
  [/^шифрование приостановлен/, 'encryption paused'],
  [/^(?:расшифровка|дешифрование) приостановлен/, 'decryption paused'],
  [/^(?:выполняется шифрование|шифрование выполняется|идет шифрование)/, 'encrypting'],
  [/^(?:выполняется|идет) (?:расшифровка|дешифрование)|^(?:расшифровка|дешифрование) выполняется/, 'decrypting'],
  [/^(?:暗号化は完全に解除|完全に暗号化解除|完全に復号化)(?:されています|されました|済み)?$/, 'decrypted'],
  [/^完全に暗号化(?:されています|されました|済み)?$/, 'encrypted'],
  [/^使用(?:済み)?(?:の)?領域のみ(?:が)?暗号化(?:されています|されました|済み)?$/, 'encrypted'],
  [/^暗号化(?:を実行中|の実行中|が進行中|の進行中|中)/, 'encrypting'],
  [/^(?:暗号化の?解除|復号化)(?:を実行中|の実行中|が進行中|の進行中|中)/, 'decrypting'],
  [/^暗号化[はがの]?一時停止/, 'encryption paused'],
  [/^(?:暗号化の?解除|復号化)[はがの]?一時停止/, 'decryption paused'],
  [/^已?(?:完全|完整)解密$/, 'decrypted'],
  [/^已?(?:完全|完整)加密$/, 'encrypted'],
  [/^[仅只僅](?:加密了?|將|将)?(?:已用|已使用的?|使用的)?(?:的)?(?:空间|空間)(?:已?加密)?$/, 'encrypted'],
  [/^(?:正在(?:进行|進行)?加密|加密(?:正在)?(?:进行|進行)中?|加密中)$/, 'encrypting'],
  [/^(?:正在(?:进行|進行)?解密|解密(?:正在)?(?:进行|進行)中?|解密中)$/, 'decrypting'],
  [/^加密(?:已)?(?:暂停|暫停)/, 'encryption paused'],
  [/^解密(?:已)?(?:暂停|暫停)/, 'decryption paused'],
  [/^완전히 (?:암호 ?해독|암호 해제)/, 'decrypted'],
  [/^(?:완전히|사용된? 공간만) 암호화됨$/, 'encrypted'],
  [/^암호화 진행/, 'encrypting'],
  [/^암호 해독 진행/, 'decrypting'],
  [/^암호화 일시 ?중지/, 'encryption paused'],
  [/^암호 해독 일시 ?중지/, 'decryption paused'],
  [/^volledig ontsleuteld$/, 'decrypted'],
  [/^volledig versleuteld$/, 'encrypted'],
  [/^alleen gebruikte (?:schijf)?ruimte (?:is )?versleuteld$/, 'encrypted'],
  [/^(?:versleuteling|bezig met versleutelen|versleutelen)(?: wordt| is bezig| in|$)/, 'encrypting'],
  [/^(?:ontsleuteling|bezig met ontsleutelen|ontsleutelen)(?: wordt| is bezig| in|$)/, 'decrypting'],
  [/^versleuteling (?:is )?(?:onderbroken|gepauzeerd)$/, 'encryption paused'],
  [/^ontsleuteling (?:is )?(?:onderbroken|gepauzeerd)$/, 'decryption paused'],
  [/^(?:w pe.{1,3}ni|ca.{1,3}kowicie) odszyfrowan\w*$/, 'decrypted'],
  [/^(?:w pe.{1,3}ni|ca.{1,3}kowicie) zaszyfrowan\w*$/, 'encrypted'],
  [/^(?:zaszyfrowano tylko|tylko) (?:zaj.{1,3}te|u.{1,3}ywane) miejsce(?: zaszyfrowane)?$/, 'encrypted'],
  [/^(?:trwa szyfrowanie|szyfrowanie w toku)/, 'encrypting'],
  [/^(?:trwa odszyfrowywanie|odszyfrowywanie w toku)/, 'decrypting'],
  [/^(?:szyfrowanie wstrzyman|wstrzymano szyfrowani)e$/, 'encryption paused'],
  [/^(?:odszyfrowywanie wstrzyman|wstrzymano odszyfrowywani)e$/, 'decryption paused'],
  [/^pln.{1,3} de.{1,3}ifrov/, 'decrypted'],
  [/^pln.{1,3} za.{1,3}ifrov.{1,3}no$/, 'encrypted'],
  [/^(?:helt dekrypterad|fuldt dekrypteret|fullstendig dekryptert)$/, 'decrypted'],
  [/^(?:helt krypterad|fuldt krypteret|fullstendig kryptert)$/, 'encrypted'],
  [/^(?:endast|bara) (?:anv.{1,3}nt )?utrymme(?: som anv.{1,3}nds)?(?: .{1,3}r)? krypterat$/, 'encrypted'],
  [/^kryptering(?:en)? (?:p.{1,3}g.{1,3}r|er i gang)$/, 'encrypting'],
  [/^dekryptering(?:en)? (?:p.{1,3}g.{1,3}r|er i gang)$/, 'decrypting'],
  [/^kryptering(?:en)? (?:(?:har|er) )?(?:pausats|pausad|pauset|midlertidig)/, 'encryption paused'],
  [/^dekryptering(?:en)? (?:(?:har|er) )?(?:pausats|pausad|pauset|midlertidig)/, 'decryption paused'],
  [/^.{1,3}ifre(?:si)? tamamen .{2,6}z.{1,3}ld.{1,3}$/, 'decrypted'],
  [/^tamamen .{1,3}ifrelen(?:di|mi.{1,3})$/, 'encrypted'],
  [/^yaln.{1,3}zca kullan.{1,3}lan alan .{1,3}ifrelen(?:di|mi.{1,3})$/, 'encrypted'],
  [/^.{1,3}ifreleme (?:s.{1,3}r.{1,3}yor|devam ediyor)$/, 'encrypting'],
  [/^.{1,3}ifre .{2,6}zme (?:s.{1,3}r.{1,3}yor|devam ediyor)$/, 'decrypting'],
  [/^.{1,3}ifreleme duraklat.{1,3}ld.{1,3}$/, 'encryption paused'],
  [/^.{1,3}ifre .{2,6}zme duraklat.{1,3}ld.{1,3}$/, 'decryption paused'],
]

const LOCKS: Words<boolean> = [
  [
    /^(?:unlocked|entsperrt|d.{1,3}verrouill.{1,3}|desbloqueado|sbloccato|ontgrendeld|odblokowan.|разблокиров.*)$/,
    false,
  ],
  [/^(?:ロック解除.*|已解锁|已?解除鎖定|잠금 해제.*)$/, false],
  [/^(?:locked|gesperrt|verrouill.{1,3}|bloqueado|bloccato|vergrendeld|zablokowan.|заблокирован.*)$/, true],
  [/^(?:(?:upp|o)l.{1,3}st|kilitli de.{1,3}il|kilidi a.{2,6}k)$/, false],
  [/^(?:l.{1,3}st|kilitli)$/, true],
  [/^(?:ロック|ロック済み|ロックされています|已锁定|已鎖定|잠김)$/, true],
]

const ROLES: Words<Volume['role']> = [
  [
    /^os[ -]?(?:volume|ボリューム|卷|磁碟區|볼륨)$|betriebssystem|exploitation|sistema opera(?:tivo|cional)|^volume do so$/,
    'system',
  ],
  [/^operativsystem|letim sistemi/, 'system'],
  [/операционн|besturingssysteem|operacyjn|运行操作系统|操作系统卷|作業系統磁碟區|운영 체제/, 'system'],
  [
    /^data volume$|^daten|donn.{1,3}es|\bdatos\b|\bdati\b|\bdados\b|данны|^データ|^数据|^資料|gegevens|danych|^데이터|^veri birimi|^datavolym/,
    'data',
  ],
]

const NONE =
  /^(?:none|kein|aucun|ningun|nessun|nenhum|no se |не обнаружен|не найден|нет$|ない|なし|見つかり|找不到|未找到|没有|無$|无$|geen|nie znaleziono|brak|없음|찾을 수|ingen|inga|yok$|hi.{1,3}biri)/

const RECOVERY = /num.{0,3}r|数字|數字|числов|숫자|^say.{1,3}sal/
const PASSPHRASE =
  /^(?:password|kennwort|mot de passe|contrase.{1,3}a|senha|palavra-passe|пароль|パスワード|密码|密碼|wachtwoord|has.{1,3}o|l.{1,3}senord|parola|암호)$/

/** Whether a data volume opens by itself with the system volume. */
const AUTO_UNLOCKS: Words<boolean> = [
  [/^(?:enabled|aktiviert|activ.{1,3}|habilitado|activado|abilitato|attivato|ativado|ingeschakeld|etkin)$/, true],
  [/^(?:w[^y].{1,5}czone|aktiverat|включен[ао]?|有効|已启用|已啟用|사용|사용함)$/, true],
  [/^(?:disabled|deaktiviert|d.{1,3}sactiv.{1,3}|deshabilitado|desactivado|disabilitato|disattivato)$/, false],
  [/^(?:desabilitado|desativado|uitgeschakeld|wy.{1,3}.{1,3}czone|inaktiverat|devre d.{2,6})$/, false],
  [/^(?:отключен[ао]?|無効|已禁用|已停用|사용 안 함)$/, false],
]

export const protectionIn = (text: string) => meaning(PROTECTIONS, text)
export const conversionIn = (text: string) => meaning(CONVERSIONS, text)
export const isLockedIn = (text: string) => meaning(LOCKS, text)
export const autoUnlockIn = (text: string) => meaning(AUTO_UNLOCKS, text)
export const roleIn = (text: string) => meaning(ROLES, text)
export const isNone = (text: string) => NONE.test(plain(text))

/** What a line of the list of protectors names. The TPM has the same name in every language. */
export function protectorIn(line: string): Protector {
  const text = plain(line)
  if (/\btpm\b/.test(text)) return 'tpm'
  if (RECOVERY.test(text)) return 'recovery password'
  return PASSPHRASE.test(text) ? 'passphrase' : 'unknown'
}

function meaning<T>(words: Words<T>, text: string): T | null {
  const it = plain(text)
  return words.find(([pattern]) => pattern.test(it))?.[1] ?? null
}

/** Without the full stop, and without what stands in brackets behind it. */
function plain(text: string): string {
  return text
    .replace(/\s*[(（].*$/, '')
    .replace(/[.。]\s*$/, '')
    .trim()
    .toLowerCase()
}
