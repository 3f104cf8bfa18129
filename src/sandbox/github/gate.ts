/** Lets calls through side by side, and holds them up for the moment in which somebody wants to look at the world alone. */
export class Gate {
  #inside = 0
  #opened: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  /** Runs beside others. */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#opened) await this.#opened
    this.#inside += 1
    try {
      return await work()
    } finally {
      this.#inside -= 1
      if (this.#inside === 0) this.#onEmpty?.()
    }
  }

  /** Runs when all inside have left, and nobody comes in meanwhile. One at a time. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    let open = () => {}
    this.#opened = new Promise((resolve) => {
      open = resolve
    })
    try {
      if (this.#inside > 0) {
        await new Promise<void>((resolve) => {
          this.#onEmpty = resolve
        })
      }
      return await work()
    } finally {
      this.#onEmpty = undefined
      this.#opened = undefined
      open()
    }
  }
}
