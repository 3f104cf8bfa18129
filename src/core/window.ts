/** The time during which access stands: [start, end), in whole seconds since the epoch, UTC. */
export interface Window {
  readonly start: number
  readonly end: number
}
