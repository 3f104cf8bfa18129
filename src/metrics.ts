/** What the process measures, in the text format of Prometheus: numbers by repository, and nothing that anybody asked for. */

export interface Measured {
  readonly repository: number
  /** Roles that stand ten minutes after their window, and longer. */
  readonly notRemoved: number
  /** Of the last look that ended, if one has. */
  readonly failures?: number
  readonly endedAt?: number
  readonly isFound?: boolean
}

export function formatMetrics(measured: readonly Measured[], clockError: number): string {
  const gauge = (name: string, help: string, lines: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines.map((line) => `${name}${line}`)].join('\n')
  const each = (value: (one: Measured) => number | undefined) =>
    measured.flatMap((one) => {
      const number = value(one)
      return number === undefined ? [] : [`{repository="${one.repository}"} ${number}`]
    })
  return `${[
    gauge(
      'daypass_grants_not_removed',
      'Roles that could not be removed within ten minutes after their window.',
      each(({ notRemoved }) => notRemoved),
    ),
    gauge(
      'daypass_look_failures',
      'Things that the last look at a repository could not do.',
      each(({ failures }) => failures),
    ),
    gauge(
      'daypass_last_look_timestamp_seconds',
      'When the last look at a repository ended, in seconds since the epoch.',
      each(({ endedAt }) => endedAt),
    ),
    gauge(
      'daypass_repository_found',
      'Whether the app is installed on a repository of the operator file: 1, or 0 where only AWS ends what stands.',
      each(({ isFound }) => (isFound === undefined ? undefined : Number(isFound))),
    ),
    gauge('daypass_clock_error_seconds', "How slow the machine's clock is; negative where it is fast.", [
      ` ${clockError}`,
    ]),
  ].join('\n')}\n`
}
