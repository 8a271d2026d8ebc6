/** Where a page of a list begins. */
export interface PageQuery {
  readonly limit: number
  readonly after?: number
  readonly skip?: number
  readonly order?: "newest" | "oldest"
}

export interface PageAnswer<Item> {
  readonly items: ReadonlyArray<Item>
  readonly total: number
  readonly more?: true
  readonly next?: string
}

interface Reads<Item> {
  readonly page: (query: PageQuery) => Promise<PageAnswer<Item>>
  /** The new state of an item that no longer matches the list's filter; undefined if it was removed. */
  readonly one: (id: string) => Promise<(Partial<Item> & { readonly id: string }) | undefined>
}

/** Reads more if a page ends before its limit, as a page of more than 4 MiB does. */
export const whole =
  <Item>(page: Reads<Item>["page"]): Reads<Item>["page"] =>
  async ({ skip, ...query }) => {
    let answer = await page({ ...query, ...(skip !== undefined && { skip }) })
    while (answer.next !== undefined && answer.items.length < query.limit) {
      const { items } = answer
      const more = await page({ ...query, after: Number(answer.next), limit: query.limit - items.length })
      answer = { ...more, items: [...items, ...more.items] }
    }
    return answer
  }

const size = 100
/** The most blocks that are kept; those farthest from the visible rows are dropped first. */
const kept = 24

/**
 * A list of any length, newest first, of which only the rows around the visible ones are read and kept. It does not
 * move while a person reads it: visible rows are updated in place, new ones are counted, and `restart` shows them.
 */
export class Pages<Item extends { readonly id: string }> {
  private readonly blocks = new Map<number, ReadonlyArray<Item>>()
  private readonly wanted = new Set<number>()
  private readonly listeners = new Set<() => void>()
  private anchor: string | undefined
  private running = false
  private again: "read" | "replaced" | undefined
  private shown = { first: 0, last: 0 }
  private readonly reads: Reads<Item>

  private readonly firstAnswer = Promise.withResolvers<void>()
  /** Settles when the first read has ended, whether it succeeded or not. */
  readonly isRead: Promise<void> = this.firstAnswer.promise

  version = 0
  /** The total number of rows; undefined until the first answer. */
  total: number | undefined
  /** There are more than `total`. */
  hasMore = false
  /** The number of new rows at the top that are not shown yet. */
  fresh = 0
  error: unknown
  /** The reader's position, for the next time that this list is shown. */
  scrollTop = 0

  constructor(reads: Reads<Item>) {
    this.reads = reads
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly at = (index: number): Item | undefined => this.blocks.get(Math.floor(index / size))?.[index % size]

  /** Whether an item of this id was read, and is kept. */
  readonly has = (id: string): boolean =>
    [...this.blocks.values()].some((items) => items.some((item) => item.id === id))

  /** Reads the pages of these rows. */
  readonly show = (first: number, last: number): void => {
    this.shown = { first, last }
    if (this.total === undefined) return
    for (let block = Math.floor(first / size); block <= Math.floor(last / size); block++) void this.want(block)
  }

  /** Starts again at the top, with the current rows. */
  readonly restart = (): Promise<void> => this.update(false)

  /** Handles a change, without moving rows. */
  readonly changed = (isRead: boolean): Promise<void> => this.update(isRead)

  private async update(isRead: boolean): Promise<void> {
    if (this.running) {
      this.again = isRead && this.again !== "replaced" ? "read" : "replaced"
      return
    }
    this.running = true
    try {
      const top = await this.reads.page({ limit: size })
      this.error = undefined
      if (isRead && this.total !== undefined && this.total > 0) await this.merge(top)
      else this.replace(top)
    } catch (error) {
      this.error = error
    } finally {
      this.running = false
    }
    this.firstAnswer.resolve()
    this.changedNow()
    if (this.again === undefined) return
    const again = this.again
    this.again = undefined
    await this.update(again === "read")
  }

  private replace({ items, more, next, total }: PageAnswer<Item>): void {
    this.blocks.clear()
    this.wanted.clear()
    this.blocks.set(0, items)
    this.total = total
    this.hasMore = more ?? false
    this.anchor = next
    this.fresh = 0
    const { first, last } = this.shown
    this.show(Math.min(first, total - 1), Math.min(last, total - 1))
  }

  private async merge(top: PageAnswer<Item>): Promise<void> {
    const known = new Set([...this.blocks.values()].flatMap((items) => items.map(({ id }) => id)))
    const firstKnown = top.items.findIndex(({ id }) => known.has(id))
    this.fresh = firstKnown < 0 ? top.items.length : firstKnown
    const visible = []
    for (let index = this.shown.first; index <= this.shown.last; index++) {
      const item = this.at(index)
      if (item !== undefined) visible.push(item.id)
    }
    const now = new Map<string, Partial<Item>>(top.items.map((item) => [item.id, item]))
    const missing = visible.filter((id) => !now.has(id))
    for (const item of await Promise.all(missing.slice(0, 60).map(this.reads.one))) {
      if (item !== undefined) now.set(item.id, item)
    }
    for (const [block, items] of this.blocks) {
      if (items.some(({ id }) => now.has(id)))
        this.blocks.set(
          block,
          items.map((item) => (now.has(item.id) ? { ...item, ...now.get(item.id) } : item))
        )
    }
  }

  private async want(block: number): Promise<void> {
    const { total } = this
    if (total === undefined || block < 0 || this.blocks.has(block) || this.wanted.has(block)) return
    this.wanted.add(block)
    try {
      const items = await this.read(block, total)
      // The list may have been restarted meanwhile.
      if (!this.wanted.has(block)) return
      this.blocks.set(block, items)
      this.forget()
      this.error = undefined
    } catch (error) {
      this.error = error
    } finally {
      this.wanted.delete(block)
      this.changedNow()
    }
  }

  /** Reads from the nearer end, so that the last page costs no more than the first. */
  private async read(block: number, total: number): Promise<ReadonlyArray<Item>> {
    const from = block * size
    if (from < total / 2 || this.hasMore) {
      const { items } = await this.reads.page({
        limit: size,
        ...(this.anchor !== undefined && { after: Number(this.anchor), skip: from - size })
      })
      return items
    }
    const limit = Math.min(size, total - from)
    const { items } = await this.reads.page({ limit, order: "oldest", skip: total - from - limit })
    return items.toReversed()
  }

  private forget(): void {
    const middle = (this.shown.first + this.shown.last) / 2 / size
    const far = [...this.blocks.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle))
    for (const block of far.slice(0, Math.max(0, far.length - kept))) if (block !== 0) this.blocks.delete(block)
  }

  private changedNow(): void {
    this.version++
    for (const listener of this.listeners) listener()
  }
}
