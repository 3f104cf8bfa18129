import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { code, codeBlock, cut, inline, plain, prose } from '../../src/core/markdown.ts'
import { hiddenCharacters } from '../../src/core/text.ts'
import { anyText } from './samples.ts'

/** Text in which everything that Markdown and GitHub act on is frequent. */
const nasty = fc.oneof(
  anyText,
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...[
            '@alice',
            '#12',
            'GH-7',
            'acme/x#3',
            'https://evil.example',
            'www.evil.example',
            ':tada:',
            '\n',
            '\r\n',
          ],
          ...[
            '\t',
            ' ',
            '`',
            '``',
            '```',
            '~~~',
            '<b>',
            '</details>',
            '<!--',
            '-->',
            '[a](b)',
            '![',
            '|',
            '***',
            '__',
          ],
          ...[
            '$x$',
            '$`',
            '\\',
            '&amp;',
            '&#64;',
            '\u202e',
            '\u200b',
            '\u0000',
            '\u2028',
            '\ud800',
            '1.',
            '-',
            '+',
            '=',
          ],
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
)

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&#8203;': '' }

/** What a reader sees of escaped text. */
function rendered(markdown: string): string {
  return markdown
    .replaceAll('<span>$</span>', '$')
    .replace(
      /\\([!-/:-@[-`{-~])|(&(?:amp|lt|gt|#8203);)/g,
      (_, escaped, entity) => escaped ?? ENTITIES[entity],
    )
}

describe('inline', () => {
  it('leaves ordinary words as they are', () => {
    expect(inline("Find the corrupt rows behind INC-4211 (see Zoë's note, 3 of 5).")).toBe(
      "Find the corrupt rows behind INC-4211 (see Zoë's note, 3 of 5).",
    )
  })

  it.each([
    ['a mention', 'ask @acme/owners', 'ask @&#8203;acme/owners'],
    ['a reference', 'fixes #12 and GH-3', 'fixes #&#8203;12 and GH-&#8203;3'],
    ['a link', '[ok](https://evil.example)', '\\[ok\\](https:&#8203;//evil.example)'],
    ['an address', 'www.evil.example', 'www.&#8203;evil.example'],
    ['an emoji', ':white_check_mark:', ':&#8203;white\\_check\\_mark:'],
    ['a tag', '<img src=x>', '&lt;img src=x&gt;'],
    ['an entity', '&#64;alice', '&amp;#&#8203;64;alice'],
    ['a formula', '$x$', '<span>$</span>x<span>$</span>'],
    ['a list', '- approved', '\\- approved'],
    ['a numbered list', '1. approved', '1\\. approved'],
    ['a new paragraph', 'fine\n\n# Approved', 'fine #&#8203; Approved'],
    ['a reversed text', 'a\u202eb', 'a&lt;U+202E&gt;b'],
  ])('takes the effect from %s', (_, text, expected) => {
    expect(inline(text)).toBe(expected)
  })

  it('never leaves anything that acts, whatever the text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const shown = inline(text)
        const bare = shown.replaceAll('<span>$</span>', '')
        expect(bare).not.toMatch(/[<>$]/)
        expect(bare).not.toMatch(/[\n\r\u2028\u2029]/)
        expect(bare).not.toMatch(/[@#](?!&#8203;|8203;)/)
        expect(bare).not.toMatch(/:\/\/|www\.(?!&#8203;)|GH-(?!&#8203;)/i)
        expect(bare).not.toMatch(/&(?!amp;|lt;|gt;|#8203;)/)
        // Each of these stands behind an odd number of backslashes.
        expect(bare.replace(/\\./g, '')).not.toMatch(/[\\`*_[\]|~]/)
        expect(shown).not.toMatch(/^(?:\s|[-+=]|\d+[.)])/)
        expect(hiddenCharacters(shown)).toEqual([])
      }),
    )
  })

  it('shows every character that was there', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(rendered(inline(text))).toBe(plain(text))
      }),
    )
  })
})

describe('prose', () => {
  it('keeps quotes as code and takes the effect from all else', () => {
    expect(prose('`a_b` is not *fine*: write `c`.')).toBe('`a_b` is not \\*fine\\*: write `c`.')
  })

  it('lets a lone back-tick open nothing', () => {
    expect(prose('one ` alone')).toBe('one \\` alone')
  })

  it('shows the same words whatever the quotes hold', () => {
    fc.assert(
      fc.property(nasty, nasty, (text, quoted) => {
        const shown = prose(`${text.replaceAll('`', "'")} \`${quoted.replaceAll('`', "'")}x\` end`)
        expect(shown).toMatch(/`[^`]*x ?` end$/)
        expect(shown).not.toMatch(/\n/)
      }),
    )
  })
})

describe('code', () => {
  it.each([
    ['exports/2026/11/', '`exports/2026/11/`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    [' a ', '`  a  `'],
    ['a\nb', '`a b`'],
    ['\u202e', '`<U+202E>`'],
    ['', '(empty)'],
  ])('writes %j as %s', (text, expected) => {
    expect(code(text)).toBe(expected)
  })

  it('is one span from its first to its last character, whatever the text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const span = code(text)
        if (span === '(empty)') return
        const fence = /^`+/.exec(span)?.[0] ?? ''
        const runs = span.match(/`+/g) ?? []
        expect(runs[0]).toBe(fence)
        expect(runs.findIndex((run, index) => index > 0 && run === fence)).toBe(runs.length - 1)
        expect(span.endsWith(fence)).toBe(true)
        expect(span).not.toMatch(/\n/)
        expect(hiddenCharacters(span)).toEqual([])
      }),
    )
  })
})

describe('codeBlock', () => {
  it('closes on its last line and not before, whatever the text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const lines = codeBlock(text, 'json').split('\n')
        const fence = lines[0]?.replace('json', '') ?? ''
        expect(fence).toMatch(/^`{3,}$/)
        const closing = new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`)
        expect(lines.findIndex((line, index) => index > 0 && closing.test(line))).toBe(lines.length - 1)
        expect(lines.join('')).not.toMatch(/\r/)
      }),
    )
  })
})

describe('cut', () => {
  it('leaves a text that fits', () => {
    expect(cut('abc', 3)).toBe('abc')
  })

  it('ends a longer one with the marker', () => {
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('abcdef', 5, ' …')).toBe('abc …')
  })

  it('never exceeds its limit or tears a character apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, max) => {
        const short = cut(text, max)
        expect(short.length).toBeLessThanOrEqual(max)
        expect(short).not.toMatch(/\p{Cs}/u)
      }),
    )
  })
})
