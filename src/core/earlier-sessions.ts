/** Closes the sessions that were taken before a moment: they would outlive the trust policy that they were got through. */
import { z } from 'zod'
import type { PolicyDocument } from './grant.ts'
import { formatInstant, parseInstant } from './window.ts'

/** IAM may take this long to show everywhere what was just written. Seconds. */
export const PROPAGATION_SECONDS = 300

/** `cut`: seconds since the epoch. Sessions that are taken from then on are not touched. */
export function closingBefore(cut: number): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'EarlierSessions',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': formatInstant(cut) } },
      },
    ],
  }
}

const closing = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.tuple([
    z.strictObject({
      Sid: z.literal('EarlierSessions'),
      Effect: z.literal('Deny'),
      Action: z.literal('*'),
      Resource: z.literal('*'),
      Condition: z.strictObject({ DateLessThan: z.strictObject({ 'aws:TokenIssueTime': z.string() }) }),
    }),
  ]),
})

/** The moment of a policy that is exactly one of these; undefined for any other. */
export function readCut(document: unknown): number | undefined {
  const parsed = closing.safeParse(document)
  if (!parsed.success) return undefined
  const written = parsed.data.Statement[0].Condition.DateLessThan['aws:TokenIssueTime']
  const cut = parseInstant(written)
  return cut !== undefined && formatInstant(cut) === written ? cut : undefined
}
