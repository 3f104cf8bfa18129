import { describe, expect, it } from 'vitest'
import { parseReceipt, receiptOf, verifyReceipt } from '../../src/core/receipt.ts'
import { ed25519Signer } from '../../src/core/receipt-signature.ts'
import { revertBranch, revertTexts } from '../../src/core/revert-texts.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { identity, judged, lent, testKey } from './samples.ts'

const { privatePem, publicPem } = testKey(1)
const end = { at: judged.window.end, because: 'expired' } as const

function pageOf({ branch, title, commitMessage, body }: ReturnType<typeof revertTexts>): string {
  return [`# ${title}`, `Branch: ${branch}`, body, '---------- the commit ----------', commitMessage].join(
    '\n\n',
  )
}

describe('the revert pull request', () => {
  it('of an access that ended carries the receipt in its commit', () => {
    const texts = revertTexts(identity, { kind: 'ended', lent, end, sign: ed25519Signer(privatePem) })
    expect(texts.title).toBe('End access of alice to customer-exports (#12)')
    expect(texts.commitMessage.split('\n')[0]).toBe(texts.title)
    expect(parseReceipt(texts.commitMessage)).toEqual(receiptOf(identity, lent, end))
    expect(verifyReceipt(texts.commitMessage, [publicPem])).toBe('signed')
    expectGolden('revert-ended', pageOf(texts))
  })

  it('of a rejected request says that nothing was opened, and claims no receipt', () => {
    const texts = revertTexts(identity, { kind: 'rejected', code: 'approvals-missing' })
    expect(parseReceipt(texts.commitMessage)).toBeUndefined()
    expectGolden('revert-rejected', pageOf(texts))
  })

  it('of a file that no pull request brought names none', () => {
    const texts = revertTexts({ ...identity, pull: 0 }, { kind: 'rejected', code: 'not-merged' })
    expect(`${texts.title}${texts.commitMessage}${texts.body}`).not.toContain('#')
  })

  it('lies on a branch that is a function of the request alone, and of nothing less', () => {
    const branches = [
      identity,
      { ...identity, repositoryId: 1002 },
      { ...identity, pull: 13 },
      { ...identity, path: `${identity.path}x` },
    ].map(revertBranch)
    expect(new Set(branches).size).toBe(4)
    expect(revertBranch({ ...identity })).toBe(branches[0])
    expect(branches[0]).toMatch(/^daypass-revert-[0-9a-f]{20}$/)
  })
})
