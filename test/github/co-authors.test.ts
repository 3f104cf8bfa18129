import { expect, it } from 'vitest'
import { coAuthorsOf } from '../../src/github/co-authors.ts'

const oscar = { id: 104, login: 'oscar', kind: 'person' } as const
const byEmail = (email: string) => (email === 'oscar@acme.example' ? oscar : null)

it.each([
  ['an address with the id', 'Co-authored-by: Oscar <104+oscar@users.noreply.github.com>', oscar],
  [
    'a bot',
    'Co-authored-by: x <7+helper[bot]@users.noreply.github.com>',
    { id: 7, login: 'helper[bot]', kind: 'bot' },
  ],
  ['an address of another commit', 'CO-AUTHORED-BY:  Oscar <Oscar@acme.example>', oscar],
  ['an address without brackets', 'Co-authored-by: oscar@acme.example', oscar],
  ['a stranger', 'Co-authored-by: Somebody <somebody@example.com>', null],
  [
    'an address that only looks like one of GitHub',
    'Co-authored-by: O <104+oscar@users.noreply.github.com.evil.example>',
    null,
  ],
  [
    'an address of the server at hand',
    'Co-authored-by: A <9+alice_acme@users.noreply.ghe.acme.example>',
    { id: 9, login: 'alice_acme', kind: 'person' },
  ],
  ['an address of another server', 'Co-authored-by: A <9+alice@users.noreply.ghe.evil.example>', null],
  ['nothing at all', 'Co-authored-by:', null],
])('reads %s', (_, trailer, person) => {
  expect(coAuthorsOf(`Ask\n\n${trailer}\nSigned-off-by: Alice`, byEmail, 'ghe.acme.example')).toEqual([
    person,
  ])
})

it('reads every trailer, wherever it stands, and with any line end', () => {
  const message = 'Co-authored-by: oscar@acme.example\r\n\r\nText\r\n  co-authored-by: oscar@acme.example\r\n'
  expect(coAuthorsOf(message, byEmail, 'ghe.acme.example')).toEqual([oscar, oscar])
})

it('finds nobody where nobody is named', () => {
  expect(coAuthorsOf('Ask, not Co-authored-by: anybody', byEmail, 'ghe.acme.example')).toEqual([])
})
