import { packFile, type Change } from '@/api/files'
import type { Json } from '@/api/types'
import { parse, plain, set } from './yaml'

/** The version after one. */
export function nextVersion(version: string): string {
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)
  return parts ? `${parts[1]}.${parts[2]}.${Number(parts[3]) + 1}` : version
}

/** pack.yaml with the next version in it. */
export async function bumped(pack: string): Promise<(Change & { version: string }) | undefined> {
  const was = await packFile(pack, 'pack.yaml')
  if (was === undefined) return undefined
  const version = nextVersion(String((plain(parse(was)) as { version?: Json } | null)?.version ?? ''))
  return { path: 'pack.yaml', content: set(was, ['version'], version), was, version }
}
