/** Where a GitHub's API lies beside its pages, and its pages beside its API. */

export const PUBLIC = 'https://github.com'

/** On a host of its own at github.com and where GitHub keeps the data in a region (`SUB.ghe.com`); else below the pages. */
export function apiBeside(pages: string): string {
  const { protocol, host } = new URL(pages)
  const isApart = pages === PUBLIC || host.endsWith('.ghe.com')
  return isApart ? `${protocol}//api.${host}` : `${pages}/api/v3`
}

export function pagesBeside(api: URL): string {
  return `${api.protocol}//${api.host.replace(/^api\./, '')}`
}
