import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fieldText, html } from '../../../src/sandbox/page/html.ts'

const HOSTILE = `"><script>alert(1)</script>'&`

describe('a template', () => {
  test('takes every text for text', () => {
    expect(String(html`<p>${HOSTILE}</p>`)).toBe(
      '<p>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;</p>',
    )
  })

  test('lets no value out of its attribute', () => {
    expect(String(html`<a title="${HOSTILE}" href="/x">y</a>`)).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;" href="/x">y</a>',
    )
  })

  test('lets no value out of an attribute that is put together in pieces', () => {
    const piece = html` title="${`\u202e onmouseover=alert(1) ${HOSTILE}`}"`

    expect(String(html`<b${piece}>x</b>`)).toBe(
      '<b title="\u202e onmouseover=alert(1) &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;">x</b>',
    )
  })

  test('puts in what another template made, lists of it, and nothing for what is not there', () => {
    const items = ['a', 'b'].map((item) => html`<li>${item}</li>`)

    expect(String(html`<ul>${items}${undefined}${null}${false}${0}</ul>`)).toBe(
      '<ul><li>a</li><li>b</li>0</ul>',
    )
  })

  test.each(['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', '//evil.example/', 'x'])(
    'takes no %s for an address',
    (address) => {
      expect(() => html`<a href="${address}">x</a>`).toThrow('no address')
      expect(() => html`<form action="${address}"></form>`).toThrow('no address')
    },
  )

  test('refuses a value where escaping would not help', () => {
    expect(() => html`<script>${'x'}</script>`).toThrow('script')
    expect(() => html`<style>${'x'}</style>`).toThrow('style')
    expect(() => html`<a onclick="${'x'}">y</a>`).toThrow('handler')
    expect(() => html`<a title=${'x'}>y</a>`).toThrow('quotes')
    expect(() => html`<a ${'onclick=alert(1)'}>y</a>`).toThrow('between attributes')
  })

  test('shows characters that nobody would see, and leaves the text of a form as it is', () => {
    const seen = String(html`<p>${'a\u202eb\u200bc\u{e0041}\u0000'}</p>`).replace(/<[^>]*>/g, '|')

    expect(seen).toBe('|a|U+202E|b|U+200B|c|U+E0041||U+0000||')
    expect(String(html`<textarea>${fieldText('a\u202eb</textarea>')}</textarea>`)).toBe(
      '<textarea>a\u202eb&lt;/textarea&gt;</textarea>',
    )
  })
})

test('markup is made by templates alone, by the sanitiser, and of icons', () => {
  const folder = new URL('../../../src/sandbox/page/', import.meta.url)
  const makers = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /new Html\(/.test(readFileSync(new URL(name, folder), 'utf8')))

  expect(makers.sort()).toEqual(['html.ts', 'markdown.ts', 'words.ts'])
})
