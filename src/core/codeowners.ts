/** GitHub's CODEOWNERS files: read, every invalid line named, and asked who owns a path. */

/** Looked for in this order; the first that exists is the one in force. */
export const CODEOWNERS_PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const
