/** Who a GitHub login is in AWS, as the rules say it: an IAM user, an IAM role with a condition, or an Identity Center person. */
import { z } from 'zod'
import type { Account, Principal } from './account.ts'
import { accountField, LOGIN_PLACEHOLDER, textOf } from './names.ts'
import type { Mistake } from './problem.ts'
import { finds } from './shape.ts'

/** Names of users and roles, with the path that they were created under. */
const IAM_NAME = /^(?:[\w+=,.@-]{1,64}\/){0,7}[\w+=,.@-]{1,64}$/
/** Role session names and source identities; Identity Center's sessions bear the user name. */
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/
const TAG_KEY = /^[A-Za-z0-9_.:/=+@-]{1,128}$/
const TAG_VALUE = /^[A-Za-z0-9_.:/=+@ -]{1,256}$/
const PERMISSION_SET = /^[\w+=,.@-]{1,32}$/

type RawPerson = z.output<ReturnType<typeof personFields>>
type Condition = NonNullable<RawPerson['person']>

/** In a template, the values that name a person hold `{login}`; everything else is the same. */
function personFields(isTemplate: boolean) {
  const login = isTemplate ? LOGIN_PLACEHOLDER : 'alice'
  const iamName = (description: string, example: string) =>
    textOf({
      pattern: IAM_NAME,
      code: 'iam-name',
      what: 'the name of an IAM user or role',
      fix: 'Write the name alone, with its path before it if it has one (`team/alice`); not the whole ARN.',
      description,
      example,
      isTemplate,
    }).optional()
  const sessionName = (description: string, example: string) =>
    textOf({
      pattern: SESSION_NAME,
      code: 'session-name',
      what: 'a name that a session can bear',
      fix: 'Write 2 to 64 letters, digits and `_+=,.@-`.',
      description,
      example,
      isTemplate,
    }).optional()

  return z.strictObject({
    iam_user: iamName("The person's own IAM user.", login),
    iam_role: iamName('A role that the person assumes; needs `person` or `everyone_in_role`.', 'engineers'),
    person: z
      .strictObject({
        session_name: sessionName(
          "The role session's name. Proof only where the role's own trust policy sets it, as anyone may choose it otherwise.",
          login,
        ),
        source_identity: sessionName('The source identity that the identity provider sets.', login),
        principal_tag: z
          .strictObject({
            key: textOf({
              pattern: TAG_KEY,
              code: 'tag-key',
              what: "a tag's key",
              fix: 'Write 1 to 128 letters, digits and `_.:/=+-@`.',
              description: 'Key of a tag that the session or role carries.',
              example: 'github-login',
            }),
            value: textOf({
              pattern: TAG_VALUE,
              code: 'tag-value',
              what: "a tag's value",
              fix: 'Write 1 to 256 letters, digits, spaces and `_.:/=+-@`.',
              description: 'What only this person has there.',
              example: login,
              isTemplate,
            }),
          })
          .optional()
          .meta({ description: 'A tag that names the person.' }),
      })
      .check(finds(conditionMistakes))
      .optional()
      .meta({
        description: 'What names the person among all who can assume the role: exactly one of the three.',
      }),
    everyone_in_role: z
      .literal(true)
      .optional()
      .meta({ description: 'Lets in everyone who can assume the role.', examples: [true] }),
    permission_set: textOf({
      pattern: PERMISSION_SET,
      code: 'permission-set',
      what: "a permission set's name",
      fix: 'Write its name as Identity Center shows it: at most 32 letters, digits and `_+=,.@-`.',
      description: 'Identity Center: the permission set that the person signs in with; needs `user_name`.',
      example: 'DataAnalyst',
    }).optional(),
    user_name: sessionName("Identity Center: the person's user name.", `${login}@example.com`),
    account: accountField("Where the person is; if left out: the bucket's account.").optional(),
  })
}

function* conditionMistakes(condition: object): Iterable<Mistake> {
  if (Object.keys(condition).length === 1) return
  const message = '`person` needs exactly one of `session_name`, `source_identity` and `principal_tag`.'
  yield { code: 'person-condition', message, fix: 'Keep the one that your sessions surely carry.' }
}

function* personMistakes(person: RawPerson): Iterable<Mistake> {
  const kinds = [person.iam_user, person.iam_role, person.permission_set].filter((name) => name !== undefined)
  if (kinds.length !== 1) {
    const message = 'A person needs exactly one of `iam_user`, `iam_role` and `permission_set`.'
    yield { code: 'person-kind', message, fix: 'Keep the one that they sign in with.' }
  }
  if ((person.permission_set === undefined) !== (person.user_name === undefined)) {
    const message = '`permission_set` and `user_name` belong together.'
    yield { code: 'person-kind', message, fix: 'Write both, or neither.' }
  }
  const narrowings = [person.person, person.everyone_in_role].filter((value) => value !== undefined)
  if (person.iam_role !== undefined && narrowings.length !== 1) {
    const message = '`iam_role` needs either `person` or `everyone_in_role: true`.'
    const fix = 'Name the person among those who can assume the role, or say that all of them are let in.'
    yield { code: 'person-condition', message, fix }
  }
  if (person.iam_role === undefined && narrowings.length > 0) {
    const message = '`person` and `everyone_in_role` belong to `iam_role` only.'
    yield { code: 'person-condition', message, fix: 'Remove them.' }
  }
}

function* templateMistakes(template: RawPerson): Iterable<Mistake> {
  if (template.everyone_in_role) return
  const names = [template.iam_user, template.user_name, JSON.stringify(template.person ?? {})]
  if (names.some((name) => name?.includes(LOGIN_PLACEHOLDER))) return
  const message = `The template has no \`${LOGIN_PLACEHOLDER}\`, so everyone would be the same person.`
  yield {
    code: 'placeholder',
    message,
    fix: `Write \`${LOGIN_PLACEHOLDER}\` where the person's name belongs.`,
  }
}

export const PersonSchema = personFields(false).check(finds(personMistakes))
export const TemplateSchema = personFields(true).check(finds(personMistakes), finds(templateMistakes))

export type Person = z.output<typeof PersonSchema>
export type Template = z.output<typeof TemplateSchema>

/** The person that the template makes of a login; undefined where the result is no name that AWS knows. */
export function fillIn(template: Template, login: string): Person | undefined {
  // A login holds nothing that means anything in JSON.
  const filled: unknown = JSON.parse(JSON.stringify(template).replaceAll(LOGIN_PLACEHOLDER, login))
  return PersonSchema.safeParse(filled).data
}

export function principalOf(person: Person, { id, partition }: Account): Principal {
  const { iam_user, iam_role, permission_set: permissionSet, user_name: userName } = person
  if (iam_user !== undefined) return { kind: 'iam-user', arn: `arn:${partition}:iam::${id}:user/${iam_user}` }
  if (iam_role !== undefined) {
    const arn = `arn:${partition}:iam::${id}:role/${iam_role}`
    return { kind: 'iam-role', arn, ...(person.person && { person: conditionOf(person.person) }) }
  }
  if (permissionSet === undefined || userName === undefined)
    throw new Error('the schema let a person without a name pass')
  return { kind: 'identity-center', accountId: id, partition, permissionSet, userName }
}

const ARN = 'arn:(?:aws|aws-cn|aws-us-gov):iam::\\d{12}:'

/** Text that begins in this way and goes on as another pattern has it, which is of a whole text. */
function beginning(before: string, { source }: RegExp): z.ZodString {
  return z.string().regex(new RegExp(`^${before}${source.replace(/^\^/, '')}`))
}

function condition(key: z.ZodType<string>, value: z.ZodType<string>) {
  return z.strictObject({ key, value })
}

/** What `principalOf` makes, read from where it was kept; whoever wrote that may have been somebody else. */
export const PrincipalSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('iam-user'), arn: beginning(`${ARN}user/`, IAM_NAME) }),
  z.strictObject({
    kind: z.literal('iam-role'),
    arn: beginning(`${ARN}role/`, IAM_NAME),
    person: z
      .union([
        condition(z.literal('aws:userid'), beginning('\\*:', SESSION_NAME)),
        condition(z.literal('aws:SourceIdentity'), z.string().regex(SESSION_NAME)),
        condition(beginning('aws:PrincipalTag/', TAG_KEY), z.string().regex(TAG_VALUE)),
      ])
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('identity-center'),
    accountId: z.string().regex(/^\d{12}$/),
    partition: z.string().regex(/^aws(?:-cn|-us-gov)?$/),
    permissionSet: z.string().regex(PERMISSION_SET),
    userName: z.string().regex(SESSION_NAME),
  }),
])

/** None of these values can hold a wildcard or a policy variable: their patterns leave `*`, `?` and `$` out. */
function conditionOf({ session_name, source_identity, principal_tag }: Condition): {
  key: string
  value: string
} {
  if (session_name !== undefined) return { key: 'aws:userid', value: `*:${session_name}` }
  if (source_identity !== undefined) return { key: 'aws:SourceIdentity', value: source_identity }
  if (principal_tag === undefined) throw new Error('the schema let a condition without a value pass')
  return { key: `aws:PrincipalTag/${principal_tag.key}`, value: principal_tag.value }
}
