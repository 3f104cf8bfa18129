/** Remembers answers that can never change: what follows from object names alone. */

/** Enough for a test or an afternoon; a sandbox left running must not keep all of them. */
const KEPT = 2_000

export class Memo<Value> {
  readonly #kept = new Map<string, Value>()

  get(key: string): Value | undefined {
    return this.#kept.get(key)
  }

  set(key: string, value: Value): Value {
    if (this.#kept.size >= KEPT) this.#kept.clear()
    this.#kept.set(key, value)
    return value
  }

  async of(key: string, compute: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(key)
    return known === undefined ? this.set(key, await compute()) : known
  }
}
