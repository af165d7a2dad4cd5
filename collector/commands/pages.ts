/** A page of a list, and where the next one begins. */
type Page<T> = { items: T[]; next: string | null }

const PAGE = 1000

/** Everything of a list, whatever its pages; `told` hears how many there are so far. */
export async function eachPage<T>(
  ask: (page: { limit: number; after?: string }) => Promise<Page<T>>,
  { most = Infinity, told = () => undefined }: { most?: number; told?: (count: number) => void } = {},
): Promise<T[]> {
  const all: T[] = []
  for (let after: string | null | undefined; after !== null && all.length < most;) {
    const limit = Math.min(PAGE, most - all.length)
    const page: Page<T> = await ask({ limit, ...(after !== undefined && { after }) })
    all.push(...page.items)
    told(all.length)
    after = page.next
  }
  return all
}
