import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deleteFileLink, newRequestLink, type Place, pullLink } from '../../src/core/links.ts'
import { anyText, requestText } from './samples.ts'

const place: Place = {
  repositoryUrl: 'https://github.com/acme/access',
  defaultBranch: 'main',
  path: 'access-requests/prod/customer-exports/alice.yaml',
}

describe('links into GitHub', () => {
  it('lead to the pull request and to the page that deletes the file', () => {
    expect(pullLink(place, 13)).toBe('https://github.com/acme/access/pull/13')
    expect(deleteFileLink(place)).toBe(
      'https://github.com/acme/access/delete/main/access-requests/prod/customer-exports/alice.yaml',
    )
  })

  it('fill a new request in, beside the old one', () => {
    const link = new URL(newRequestLink(place, requestText))
    expect(link.pathname).toBe('/acme/access/new/main')
    expect(Object.fromEntries(link.searchParams)).toEqual({
      filename: 'access-requests/prod/customer-exports/alice-again.yaml',
      value: requestText,
    })
  })

  it.each([
    ['a/alice-inc-4211.yaml', 'a/alice-inc-4211-again.yaml'],
    ['a/alice-again.yaml', 'a/alice-again-2.yaml'],
    ['a/alice-again-2.yml', 'a/alice-again-3.yml'],
  ])('name the new file of %s %s', (path, next) => {
    expect(new URL(newRequestLink({ ...place, path })).searchParams.get('filename')).toBe(next)
  })

  it('leave out a text that no address can hold', () => {
    expect(newRequestLink(place, 'x'.repeat(7000))).toBe(newRequestLink(place))
  })

  it('hold together in Markdown, whatever path, branch and text', () => {
    const any = anyText.filter((text) => text !== '')
    fc.assert(
      fc.property(any, any, any, (path, defaultBranch, text) => {
        const strange = { ...place, path, defaultBranch }
        for (const link of [deleteFileLink(strange), newRequestLink(strange, text)]) {
          expect(link).toMatch(/^https:\/\/github\.com\/acme\/access\/[\w.%/?=&-]*$/)
        }
      }),
    )
  })
})
