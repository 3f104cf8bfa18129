/** The form of `.github/daypass.yml`, and what makes no sense in it though its form is right. */
import { z } from 'zod'
import { bucketMatches, bucketPatternField } from './bucket-pattern.ts'
import { accountField, loginField, textOf } from './names.ts'
import type { Mistake } from './problem.ts'
import { PersonSchema, TemplateSchema } from './requester.ts'
import { finds } from './shape.ts'
import { quote } from './text.ts'
import { durationField } from './time-fields.ts'
import type { YamlPath } from './yaml.ts'

const BUCKETS = [{ account: 'prod', bucket: 'customer-exports', max_duration: '12h' }]

export const FallbackSchema = z.strictObject({
  owners: z
    .array(
      textOf({
        pattern: /^@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\/[a-z0-9][a-z0-9_-]{0,99})?$/,
        code: 'codeowners-owner',
        what: 'a person or a team',
        fix: 'Write `@login` or `@organization/team`, as in CODEOWNERS, in quotes.',
        description: 'A person or a team with write access, as CODEOWNERS would name it.',
        example: '@acme/on-call',
      }),
    )
    .min(1)
    .max(20)
    .meta({
      description: 'Who is asked when the owners of the path do not answer.',
      examples: [['@acme/on-call']],
    }),
  after: durationField('How long the owners have, from when they were asked, and from the last push.', '8h'),
  approve: z
    .enum(['allowed', 'refused'])
    .default('refused')
    .meta({
      description: 'Whether they count as owners of the path from then on, to approve and to merge.',
      examples: ['refused'],
    }),
})

const BucketSchema = z.strictObject({
  account: accountField('Alias of the account that holds the bucket.'),
  bucket: bucketPatternField,
  max_duration: durationField('The longest window, counted from its start, extensions included.', '12h'),
  whole_bucket: z
    .enum(['allowed', 'refused'])
    .default('refused')
    .meta({ description: 'Whether a request may leave `prefixes` out.', examples: ['refused'] }),
  kms_key: textOf({
    pattern:
      /^arn:(?:aws|aws-cn|aws-us-gov):kms:[a-z0-9-]{1,32}:\d{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    code: 'kms-key',
    what: "a KMS key's ARN",
    fix: 'Write the ARN of the key itself, not of an alias, as the KMS console shows it.',
    description: 'The key that encrypts the bucket, if one does.',
    example: 'arn:aws:kms:eu-central-1:111111111111:key/0f2d3a64-5c1b-4e8f-9a70-6b1c2d3e4f50',
  }).optional(),
  approvals: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .meta({ description: 'How many code owners have to approve.', examples: [1] }),
  merge: z
    .enum(['owners', 'anyone'])
    .default('owners')
    .meta({ description: 'Who may merge; `anyone` for merge queues.', examples: ['owners'] }),
  ticket: z
    .enum(['optional', 'required'])
    .default('optional')
    .meta({ description: 'Whether a request must name a ticket.', examples: ['optional'] }),
  fallback: FallbackSchema.optional().meta({
    description: 'Who stands in for owners that do not answer; without it nobody does.',
    examples: [{ owners: ['@acme/on-call'], after: '8h', approve: 'refused' }],
  }),
})

export const RulesSchema = z
  .strictObject({
    paused: z
      .boolean()
      .default(false)
      .meta({
        description: 'While true, nothing new is granted; what stands ends as planned.',
        examples: [false],
      }),
    buckets: z
      .array(BucketSchema)
      .min(1)
      .max(500)
      .check(finds(unreachableEntries))
      .meta({ description: 'What may be lent. The first entry that matches counts.', examples: [BUCKETS] }),
    people: z
      .record(loginField('GitHub login, in any case.'), PersonSchema)
      .check(finds(duplicateLogins))
      .default({})
      .meta({
        description: 'Who each GitHub login is in AWS.',
        examples: [{ alice: { iam_user: 'alice' } }],
      }),
    template: TemplateSchema.optional().meta({
      description: 'Who everyone else is; `{login}` stands for their GitHub login in lower case.',
      examples: [{ permission_set: 'DataAnalyst', user_name: '{login}@example.com' }],
    }),
    remind_before: durationField(
      'How long before its end whom an access is for is mentioned in a comment; without it nobody is.',
      '15m',
    ).optional(),
    close_after: durationField(
      'How long a request may wait for an answer until it is closed; without it it is never closed.',
      '14d',
    ).optional(),
  })
  .meta({ title: 'Daypass rules' })

type WithPath = Mistake & { readonly path: YamlPath }

/** An entry that an earlier one hides would look like a limit and be none. */
function* unreachableEntries(buckets: readonly z.output<typeof BucketSchema>[]): Iterable<WithPath> {
  for (const [index, { account, bucket }] of buckets.entries()) {
    const hiding = buckets
      .slice(0, index)
      .find((other) => other.account === account && bucketMatches(other.bucket, bucket))
    if (!hiding) continue
    const message = `The entry for ${quote(bucket)} never counts: ${quote(hiding.bucket)} stands before it.`
    yield { code: 'unreachable-entry', path: [index, 'bucket'], message, fix: 'Move it up, or remove it.' }
  }
}

function* duplicateLogins(people: Readonly<Record<string, unknown>>): Iterable<WithPath> {
  const seen = new Set<string>()
  for (const login of Object.keys(people)) {
    const message = `${quote(login)} is listed twice: GitHub's logins are the same in any case.`
    if (seen.has(login.toLowerCase()))
      yield { code: 'person-duplicate', path: [login], message, fix: 'Keep one.' }
    seen.add(login.toLowerCase())
  }
}
