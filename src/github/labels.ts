/** The label of the app on a pull request: one at a time, made with its colour and description where the repository has none yet. */
import { LABELS, type Stage, stagesIn } from '../core/label.ts'
import type { Context } from './context.ts'
import { statusOf, tryWrite } from './failures.ts'

/** Returns why GitHub does not take it, where it never will. */
export async function setStage(
  context: Context,
  pull: number,
  stage: Stage | undefined,
): Promise<string | undefined> {
  const { octokit, at } = context
  const { issues } = octokit.rest
  const where = `pull request #${pull} of ${at.owner}/${at.repo}`
  const there = stagesIn(await labelsOf(context, pull, where))
  return tryWrite(`labelling ${where}`, async () => {
    if (stage !== undefined && !there.includes(stage)) {
      await makeLabel(context, stage)
      await issues.addLabels({ ...at, issue_number: pull, labels: [LABELS[stage].name] })
    }
    for (const other of there.filter((one) => one !== stage)) await takeOff(context, pull, other)
  })
}

async function labelsOf({ octokit, at, reads }: Context, pull: number, where: string): Promise<string[]> {
  const parameters = { ...at, issue_number: pull, per_page: 100 }
  return reads.all(`the labels of ${where}`, octokit.rest.issues.listLabelsOnIssue, parameters, (page) =>
    page.map(({ name }) => name),
  )
}

/** One that is there stays as people may have changed it. */
async function makeLabel({ octokit, at, labelsMade }: Context, stage: Stage): Promise<void> {
  if (labelsMade.has(stage)) return
  try {
    await octokit.rest.issues.createLabel({ ...at, ...LABELS[stage] })
  } catch (error) {
    if (statusOf(error) !== 422) throw error
  }
  labelsMade.add(stage)
}

async function takeOff({ octokit, at }: Context, pull: number, stage: Stage): Promise<void> {
  const { name } = LABELS[stage]
  try {
    await octokit.rest.issues.removeLabel({ ...at, issue_number: pull, name })
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}
