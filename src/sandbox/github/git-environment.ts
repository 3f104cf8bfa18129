/** The environment every git of the sandbox runs in. */

/** Nothing of the machine's or the user's git configuration may change what the sandbox does. */
export const HERMETIC_ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
} as const
