/** The page's style sheet and its one script, as they lie beside this file in the sources. */
import { readFile } from 'node:fs/promises'

export interface Assets {
  readonly style: string
  readonly script: string
}

/** As far below the compiled files' root as below the sources'. */
const FOLDER = new URL('../../../src/sandbox/page/assets/', import.meta.url)

/** In this order: later ones refine earlier ones. */
const STYLES = ['base.css', 'around.css', 'parts.css', 'text.css', 'panel.css', 'narrow.css']

export async function readAssets(): Promise<Assets> {
  const read = (name: string) => readFile(new URL(name, FOLDER), 'utf8')
  const [script, ...styles] = await Promise.all([read('live.js'), ...STYLES.map(read)])
  return { style: styles.join('\n'), script }
}
