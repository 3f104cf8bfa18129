/** Shows characters that nobody would see, and that turn text around or pass for another text. */

/** Controls, format characters, odd line ends and tags; joiners stay, as emoji and whole scripts are written with them. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029\u{e0000}-\u{e0fff}]/gu
const SEEN = new Set(['\t', '\n', '\r', '\u200c', '\u200d'])
/** Apps break mentions and links in what they write with it. */
const BREAK = '\u200b'

/** `mark` makes of a name such as `U+202E` what is shown in the character's place. */
export function showHidden(text: string, mark: (name: string) => string, breaksAreSeen = true): string {
  return text.replace(HIDDEN, (character) => {
    if (SEEN.has(character) || (character === BREAK && !breaksAreSeen)) return character
    return mark(`U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`)
  })
}
