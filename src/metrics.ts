/** What the process measures, in the text format of Prometheus: numbers by repository, and nothing that anybody asked for. */

export interface Measured {
  readonly repository: number
  /** Roles that stand ten minutes after their window, and longer. */
  readonly notRemoved: number
  /** What the last look could not do. */
  readonly failures: number
}

export function formatMetrics(measured: readonly Measured[], clockError: number): string {
  const gauge = (name: string, help: string, lines: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines.map((line) => `${name}${line}`)].join('\n')
  const each = (value: (one: Measured) => number) =>
    measured.map((one) => `{repository="${one.repository}"} ${value(one)}`)
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
    gauge('daypass_clock_error_seconds', "How slow the machine's clock is; negative where it is fast.", [
      ` ${clockError}`,
    ]),
  ].join('\n')}\n`
}
