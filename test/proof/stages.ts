/** Fresh repositories one after the other: a new world is opened where those of the last one are used up. */
import { openStage, type Place, type Stage } from './stage.ts'

export interface Stages {
  next(): Promise<{ readonly stage: Stage; readonly place: Place }>
  close(): Promise<void>
}

/** Each repository of the sandbox holds two processes of git. */
export function createStages(repositoriesEach: number): Stages {
  let stage: Stage | undefined
  return {
    async next() {
      const place = stage?.nextRepository()
      if (stage !== undefined && place !== undefined) return { stage, place }
      await stage?.close()
      stage = await openStage(repositoriesEach)
      return this.next()
    },
    async close() {
      await stage?.close()
    },
  }
}
