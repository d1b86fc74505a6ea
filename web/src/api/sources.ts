import { queryOptions } from '@tanstack/react-query'
import { api, ask } from './client'
import type { Probe, SensorRun, Trigger } from './types'

export const sensorsQuery = queryOptions({
  queryKey: ['sensors'],
  queryFn: ({ signal }) => ask<SensorRun[]>(api.GET('/api/ns/v1/sensors', { signal })),
  refetchInterval: 10_000,
})

export const probesQuery = queryOptions({
  queryKey: ['probes'],
  queryFn: ({ signal }) => ask<Probe[]>(api.GET('/api/ns/v1/probes', { signal })),
  refetchInterval: 10_000,
})

export const timersQuery = queryOptions({
  queryKey: ['timers'],
  queryFn: ({ signal }) => ask<Trigger[]>(api.GET('/api/v1/timers', { signal })),
})

export function sensorLogQuery(ref: string) {
  return queryOptions({
    queryKey: ['sensors', ref, 'log'],
    queryFn: ({ signal }) => ask<{ log: string }>(api.GET('/api/ns/v1/sensors/{ref}/log', { params: { path: { ref } }, signal })),
    refetchInterval: 3000,
  })
}

export function enableSensor(ref: string, enabled: boolean) {
  return ask(api.PUT('/api/v1/sensortypes/{ref}', { params: { path: { ref } }, body: { enabled } }))
}
