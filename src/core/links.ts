/** Links into GitHub's own pages, each part of them encoded so that it stays one part. */

/** Where a request's file is, or was. */
export interface Place {
  /** `https://github.com/acme/access` */
  readonly repositoryUrl: string
  readonly defaultBranch: string
  readonly path: string
}

/** Longer addresses are refused by GitHub; the page then opens without the text. */
const LONGEST_LINK = 6000
const AGAIN = /-again(?:-(\d+))?$/

export function pullLink({ repositoryUrl }: Place, pull: number): string {
  return `${repositoryUrl}/pull/${pull}`
}

/** GitHub's page of one check run, with its buttons. */
export function checkLink({ repositoryUrl }: Place, checkRunId: number): string {
  return `${repositoryUrl}/runs/${checkRunId}`
}

/** GitHub's page that deletes a file; on a protected branch it offers a pull request. */
export function deleteFileLink({ repositoryUrl, defaultBranch, path }: Place): string {
  return `${repositoryUrl}/delete/${encodePath(defaultBranch)}/${encodePath(path)}`
}

/** GitHub's page to edit a file; it offers a new branch and a pull request. It can't be opened with the change made. */
export function editFileLink({ repositoryUrl, defaultBranch, path }: Place): string {
  return `${repositoryUrl}/edit/${encodePath(defaultBranch)}/${encodePath(path)}`
}

/** GitHub's page for a new file, beside the old one and with its text filled in. */
export function newRequestLink({ repositoryUrl, defaultBranch, path }: Place, text?: string): string {
  const page = `${repositoryUrl}/new/${encodePath(defaultBranch)}`
  const empty = `${page}?${query({ filename: nextPath(path) })}`
  if (text === undefined) return empty
  const filled = `${empty}&${query({ value: text })}`
  return filled.length <= LONGEST_LINK ? filled : empty
}

/** `alice.yaml` → `alice-again.yaml` → `alice-again-2.yaml`: the old file may still be on the branch. */
function nextPath(path: string): string {
  const extension = /\.ya?ml$/.exec(path)?.[0] ?? ''
  const name = path.slice(0, path.length - extension.length)
  const times = AGAIN.exec(name)
  if (times === null) return `${name}-again${extension}`
  return `${name.replace(AGAIN, '')}-again-${Number(times[1] ?? 1) + 1}${extension}`
}

/** Also for halves of surrogate pairs, on which encodeURIComponent throws, and for brackets, which end a Markdown link. */
export function query(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString().replaceAll('+', '%20').replaceAll('*', '%2A')
}

function encodePath(path: string): string {
  return path.split('/').map(encodePart).join('/')
}

function encodePart(part: string): string {
  return query({ part }).slice('part='.length)
}
