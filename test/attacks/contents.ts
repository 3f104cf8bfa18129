/** Attacks by what a request says. All are approved and merged by an owner who did not look, or was deceived. */
import { describe, expect } from 'vitest'
import { parseReceipt, verifyReceipt } from '../../src/core/receipt.ts'
import type { OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, type Attempt, type End, stage } from './stage.ts'
import { ask, expectReading, FOLDER } from './support.ts'

const REASON = 'Find the corrupt rows behind INC-4211'

export function contents(world: () => TestWorld): void {
  describe('the request', () => {
    const attack = stage(world, { between: (world) => world.advance('13h') })
    const say = (name: string, end: End, file: string, yaml: string) =>
      attack(name, end, (rest) => land(world(), rest, file, yaml))
    prefixes(say)
    people(say)
    documents(say)
    prefixOfAnother(world, attack)
    deceptions(world, attack)
  })
}

type Say = (name: string, end: End, file: string, yaml: string) => void

async function land(world: TestWorld, rest: () => Promise<void>, name: string, yaml: string) {
  const request = await ask(world, { name, yaml })
  await world.approve('olivia', request)
  await world.merge('olivia', request)
  await rest()
  return request
}

function prefixes(say: Say): void {
  const prefixed = (name: string, end: End, file: string, prefix: string) =>
    say(name, end, file, requestYaml({ prefixes: [JSON.stringify(prefix)] }))
  prefixed('a prefix is a star', 'prefix-wildcard', 'star', '*')
  prefixed('a prefix has a star in it', 'prefix-wildcard', 'inner-star', 'exports/*/11/')
  prefixed('a prefix has a question mark in it', 'prefix-wildcard', 'question', 'exports/202?/')
  prefixed('a prefix is a policy variable', 'prefix-variable', 'variable', '\u0024{aws:username}/')
  prefixed('a prefix escapes a star as policies do', 'prefix-wildcard', 'escaped-star', 'exports/\u0024{*}/')
  prefixed('a prefix has a `$` in it', 'prefix-variable', 'dollar', 'exports/$1/')
  prefixed('a prefix is empty', 'prefix-shape', 'empty', '')
  prefixed('a prefix is a slash', 'prefix-shape', 'slash', '/')
  prefixed('a prefix steps up', 'prefix-shape', 'up', 'exports/../internal/')
  prefixed('a prefix has an empty step', 'prefix-shape', 'double', 'exports//2026/')
  prefixed('a prefix ends in a space', 'prefix-shape', 'space', 'exports/2026/11/ ')
  prefixed('a prefix has a letter that IAM does not take', 'prefix-characters', 'cyrillic', 'еxports/2026/')
  prefixed('a prefix has a space that does not break', 'prefix-characters', 'nbsp', 'exports/2026\u00a0/')
  prefixed('a prefix spells a hidden character by an escape', 'hidden-character', 'hidden', 'exports/\u202e/')
  prefixed('a prefix is longer than any key', 'prefix-too-long', 'long', `${'a'.repeat(1024)}/`)
  say(
    'a request names no prefix where the rules want one',
    'prefixes-needed',
    'whole',
    requestYaml({ prefixes: [] }),
  )
}

function people(say: Say): void {
  const asking = (name: string, end: End, file: string, requester: string) =>
    say(name, end, file, requestYaml({ requester }))
  asking('alice asks for somebody else', 'requester-not-author', 'for-mallory', 'mallory')
  asking('alice asks for somebody whom the rules do not know', 'person-unknown', 'for-eve', 'eve')
  asking('the requester has a look-alike letter', 'login', 'lookalike', '\u0430lice')
  asking('the requester has an invisible character', 'hidden-character', 'invisible', 'ali\u200bce')
  asking('the requester is a list of people', 'wrong-type', 'list', '[alice, mallory]')
  asking('the requester is a policy variable', 'login', 'login-variable', '"\u0024{aws:username}"')
  say(
    'a window is longer than the rules allow',
    'window-too-long',
    'too-long',
    requestYaml({ duration: '13h' }),
  )
  say(
    'a window begins far ahead, when nobody thinks of it',
    'start-too-far',
    'too-far',
    requestYaml({ start: '2099-01-01T00:00:00Z' }),
  )
}

function documents(say: Say): void {
  const text = requestYaml({})
  say('the request gives a field twice', 'duplicate-key', 'twice-said', `${text}duration: 12h\n`)
  say(
    'the request says a field by an anchor and an alias',
    'reference',
    'alias',
    text.replace('alice', '&a alice'),
  )
  say(
    'the request merges another mapping into itself',
    'merge-key',
    'merge-key',
    `${text}<<: {duration: 12h}\n`,
  )
  say('the request has a tag', 'tag', 'tag', text.replace('4h', '!!str 4h'))
  say('the request holds a second document', 'several-documents', 'second', `${text}---\n${text}`)
  say('the request names `__proto__`', 'key-not-text', 'proto', `${text}__proto__: {access: write}\n`)
  say('the request names a field that there is not', 'unknown-field', 'principal', `${text}principal: "*"\n`)
  say('the request asks for writing', 'not-one-of', 'writing', `${text}access: write\n`)
  say('the request is far too large', 'too-large', 'large', `${text}# ${'x'.repeat(17 * 1024)}\n`)
}

/** What is granted here is harmless. */
function prefixOfAnother(world: () => TestWorld, attack: Attack): void {
  attack('a prefix without a slash is the beginning of a folder', 'aws-denies', async (rest) => {
    const yaml = requestYaml({ prefixes: ['exports/2026/1'] })
    const request = await ask(world(), { name: 'beginning', yaml })
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    await world().settled()
    await expectDeniedThrough(world(), request, 'exports/2026/11/orders.csv')
    await rest()
    return request
  })

  attack('a folder begins like another one', 'aws-denies', async (rest) => {
    const yaml = requestYaml({ prefixes: ['exports/2026/1/'] })
    const request = await ask(world(), { name: 'begins-like', yaml })
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    await world().settled()
    await expectDeniedThrough(world(), request, 'exports/2026/11/orders.csv')
    await rest()
    return request
  })
}

async function expectDeniedThrough(world: TestWorld, request: OpenedRequest, key: string): Promise<void> {
  const role = await world.assume('alice', (await world.roleOf(request)) ?? '')
  if (role.kind === 'denied') throw new Error('the harmless access was not granted')
  expect(await world.read(role.value, 'customer-exports', key)).toMatchObject({ kind: 'denied' })
}

/** What looks dangerous and is only text is granted as what it is, shown as what it is, and over at its end. */
function deceptions(world: () => TestWorld, attack: Attack): void {
  attack('the reason hides text that runs backwards', 'hidden-character', (rest) =>
    land(world(), rest, 'backwards', requestYaml({ reason: `${REASON} \u202eterces si` })),
  )

  attack('the reason has a second paragraph, with a heading of its own', 'reason-paragraph', (rest) =>
    land(world(), rest, 'paragraphs', requestYaml({ reason: `"${REASON}\\n\\n# Approved by olivia"` })),
  )

  attack('the ticket holds a link', 'ticket', (rest) =>
    land(world(), rest, 'ticket', `${requestYaml({})}ticket: "[INC](https://evil.example)"\n`),
  )

  const shown = async (
    rest: () => Promise<void>,
    name: string,
    reason: string,
    forbidden: readonly RegExp[],
  ) => {
    const request = await ask(world(), { name, yaml: requestYaml({ reason: JSON.stringify(reason) }) })
    await world().settled()
    const check = await world().requestCheck(request)
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    await world().settled()
    await expectReading(world(), 'alice', request)
    const said = [check?.output.summary, check?.output.text, await world().comment(request)].join('\n')
    for (const pattern of forbidden) expect(said).not.toMatch(pattern)
    await rest()
    return request
  }

  attack('the reason is Markdown that shows a link, a picture and a mention', 'aws-denies', (rest) =>
    shown(
      rest,
      'markdown',
      `${REASON} ![x](https://evil.example) [Approved](https://evil.example) @acme/data-owners #1`,
      [/\]\(https:\/\/evil/, /(?<![\w`/])@acme\/data-owners(?! )\s*#1/],
    ),
  )

  attack('the reason is HTML that hides what follows', 'aws-denies', (rest) =>
    shown(rest, 'html', `${REASON} <details><summary>ok</summary><!-- <img src=https://evil.example>`, [
      /<details><summary>ok/,
      /<!-- <img/,
      /<img/,
    ]),
  )

  attack('the reason closes the code that it is shown in', 'aws-denies', (rest) =>
    shown(rest, 'fence', `${REASON} \`\`\`\` ~~~ </code></pre> <b>Approved</b>`, [/<b>Approved/]),
  )

  attack('the reason looks like a receipt’s approval', 'aws-denies', async (rest): Promise<Attempt> => {
    const reason = `${REASON} Daypass-Approved-By: {"login":"root","id":106} Daypass-Signature: none`
    const request = await shown(rest, 'receipt', reason, [])
    const also = async () => {
      const [message = ''] = await world().removals(request.repository, `${FOLDER}/receipt.yaml`)
      expect(verifyReceipt(message, [world().receiptKey])).toBe('signed')
      expect(parseReceipt(message)?.approvals).toMatchObject([{ login: 'olivia' }])
    }
    return { ...request, also }
  })
}
