import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MarkdownPlace, renderMarkdown } from '../../../src/sandbox/page/markdown.ts'

const render = (text: string, place?: MarkdownPlace) => String(renderMarkdown(text, place))

/** Whatever could run, fetch, be sent, or be found as a part of the page. */
const ACTIVE =
  /<(?:script|style|img|iframe|object|embed|svg|math|form|input|button|textarea|select|link|meta|base|video|audio|template)\b|<[^>]*\s(?:on\w+|style|class|id|name|src|srcset|action|formaction|target)=|<[^>]*="\s*(?:javascript|vbscript|data):/i

describe("other people's Markdown", () => {
  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt&colon;alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '<a href="//evil.example">x</a>',
    '![x](https://evil.example/x.png)',
    '<svg><script>alert(1)</script></svg>',
    '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
    '<form action="/clock" method="post"><button name="advance" value="4h">x</button></form>',
    '<div style="position:fixed;inset:0" class="refusal" id="panel">Looks real</div>',
    '<style>main{display:none}</style><link rel="stylesheet" href="https://evil.example">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example"><base href="https://evil.example">',
    '<details open ontoggle=alert(1)><summary>x</summary></details>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<input autofocus onfocus=alert(1)>',
    '- [x] <input type="image" src="https://evil.example">',
    '<a href="https://ok.example" target="_top" onclick="alert(1)" style="x" id="merge">x</a>',
    '`<script>alert(1)</script>`\n\n```html"onload="x\n<script>\n```',
  ])('does nothing: %s', (text) => {
    expect(render(text)).not.toMatch(ACTIVE)
  })

  test('does nothing whatever is written', () => {
    const piece = fc.constantFrom(
      ...['<', '>', '"', "'", '`', '](', '![', '<a href=', '<img ', '<svg>', '<style>', '</', '<!--', '-->'],
      ...['onerror=', 'javascript:', 'script', ' style=', 'x', '\n', '&#60;', '&lt;', '<![CDATA[', ']]>'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        expect(render(pieces.join(''))).not.toMatch(ACTIVE)
      }),
      { numRuns: 200 },
    )
  })

  test('shows what would turn text around, as a character or as an entity', () => {
    expect(render('pay\u202egnp.exe &#x202e; &rlm;')).toContain(
      'pay&lt;U+202E&gt;gnp.exe &lt;U+202E&gt; &lt;U+200F&gt;',
    )
  })

  test('is what it is meant to be where it is harmless', () => {
    expect(render('**bold** and `code`\nnext')).toBe(
      '<p><strong>bold</strong> and <code>code</code><br />next</p>\n',
    )
    expect(render('# Title\n\n## Part')).toBe('<h2>Title</h2>\n<h3>Part</h3>\n')
    expect(render('- [x] done\n- [ ] open')).toMatch(/<li>☑ +done<\/li>\n<li>☐ +open<\/li>/)
    expect(render('| a |\n|---|\n| b |')).toMatch(/<th>a<\/th>[\s\S]*<td>b<\/td>/)
    expect(render('![a "cat"](x.png)')).toContain('<em>[picture: a "cat"]</em>')
  })

  test('leads where GitHub would lead from the same file', () => {
    const place = { base: '/acme/access/blob/main/access-requests/', breaks: false }
    const at = (link: string) => /href="([^"]*)"/.exec(render(`[x](${link})`, place))?.[1]

    expect(at('prod/README.md')).toBe('/acme/access/blob/main/access-requests/prod/README.md')
    expect(at('../../../new/main?filename=a%2Fb&value=c')).toBe(
      '/acme/access/new/main?filename=a%2Fb&amp;value=c',
    )
    expect(at('https://example.com/a')).toBe('https://example.com/a')
    expect(at('\\\\\\\\evil.example/x') ?? '').not.toMatch(/^(?:\/\/|\\|http)/)
  })

  test.each(['>', '![a]('])('is shown as it is where %s is written to take for ever', (part) => {
    const started = performance.now()

    expect(render(part.repeat(13_000))).toMatch(/^<pre>(?:&gt;|!\[a\]\(){13000}<\/pre>$/)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
