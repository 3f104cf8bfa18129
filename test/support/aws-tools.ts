/** Finds the AWS CLI and boto3 on this machine, whichever of several works, and says loudly where there is none. */
import { execFile } from 'node:child_process'
import { access, constants, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface AwsCli {
  /** Where `aws` lies, for PATH. */
  readonly directory: string
  readonly version: string
  /** AWS_ENDPOINT_URL came with 1.29 and 2.13; before, a profile's own call of STS always went to AWS. */
  readonly knowsEndpointVariable: boolean
}

/** Every kind that works, those first that know AWS_ENDPOINT_URL. A shim may come first on PATH and not work. */
export async function findAwsClis(): Promise<readonly AwsCli[]> {
  const found = new Map<string, AwsCli>()
  for (const directory of new Set((process.env.PATH ?? '').split(delimiter))) {
    const text = await versionOf(join(directory, 'aws'), '--version')
    const [version = '', major, minor] = /aws-cli\/(\d+)\.(\d+)\.\d+/.exec(text ?? '') ?? []
    if (version === '' || found.has(version)) continue
    const knowsEndpointVariable = Number(minor) >= (major === '1' ? 29 : 13)
    found.set(version, { directory, version, knowsEndpointVariable })
  }
  if (found.size === 0) skipLoudly('the AWS CLI', 'no `aws` on PATH answers `aws --version`', 'awscli')
  return [...found.values()].sort((a, b) => Number(b.knowsEndpointVariable) - Number(a.knowsEndpointVariable))
}

/** A Python that has boto3: the system's own first, as that is where Debian puts it. */
export async function findBoto3(): Promise<string | undefined> {
  for (const python of ['/usr/bin/python3', 'python3'])
    if (await versionOf(python, '-c', 'import boto3; print(boto3.__version__)')) return python
  skipLoudly('boto3', 'no python3 can import it', 'python3-boto3')
  return undefined
}

function skipLoudly(tool: string, why: string, debian: string): void {
  process.stderr.write(`SKIPPED: tests with ${tool}: ${why}. On Debian: apt-get install ${debian}\n`)
}

async function versionOf(program: string, ...parameters: string[]): Promise<string | undefined> {
  try {
    if (program.includes('/')) await access(program, constants.X_OK)
    return (await run(program, parameters)).stdout
  } catch {
    return undefined
  }
}

/** For a botocore that does not know AWS_ENDPOINT_URL: a folder for AWS_DATA_PATH by which STS is found elsewhere. */
export async function writeStsAddress(folder: string, endpoint: string): Promise<void> {
  const place = join(folder, 'sts/2011-06-15')
  const parameter = (builtIn: string, more: object) => ({ builtIn, required: true, ...more })
  const flag = { type: 'Boolean', default: false }
  await mkdir(place, { recursive: true })
  const rules = {
    version: '1.0',
    parameters: {
      Region: parameter('AWS::Region', { type: 'String', required: false }),
      Endpoint: parameter('SDK::Endpoint', { type: 'String', required: false }),
      UseDualStack: parameter('AWS::UseDualStack', flag),
      UseFIPS: parameter('AWS::UseFIPS', flag),
      UseGlobalEndpoint: parameter('AWS::STS::UseGlobalEndpoint', flag),
    },
    rules: [{ conditions: [], type: 'endpoint', endpoint: { url: endpoint, properties: {}, headers: {} } }],
  }
  await writeFile(join(place, 'endpoint-rule-set-1.json'), JSON.stringify(rules))
}
