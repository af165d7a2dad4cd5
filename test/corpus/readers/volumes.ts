import type { ToldVolume } from '../../../agent/probes/disk-encryption/told-volume.ts'
import type { Conclusion } from '../conclusion.ts'

/** Volumes in the words of the corpus, where a state that is not known is not told. */
export function volumesInWords(volumes: readonly ToldVolume[]): Conclusion {
  return { volumes: volumes.map(({ state, ...told }) => (state === 'unknown' ? told : { state, ...told })) }
}
