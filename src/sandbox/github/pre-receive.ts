/** The hook every `git push` runs through: it turns away what the branch rules forbid, as GitHub does. */

/** Name of the environment variable that tells the hook the protected refs, separated by spaces. */
export const PROTECTED_REFS = 'SANDBOX_PROTECTED_REFS'

/** Ref names have no spaces and no shell characters that `case` would expand here, because they are quoted. */
export const PRE_RECEIVE_HOOK = `#!/bin/sh
refused=0
while read -r old new ref; do
  for protected in $${PROTECTED_REFS}; do
    if [ "$ref" = "$protected" ]; then
      echo "error: GH013: Repository rule violations found for $ref."
      echo "- Changes must be made through a pull request."
      refused=1
    fi
  done
done
if [ "$refused" = 1 ]; then
  echo "push declined due to repository rule violations"
  exit 1
fi
exit 0
`
