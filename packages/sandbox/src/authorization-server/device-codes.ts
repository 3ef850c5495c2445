import type { Clock } from '../clock.ts'
import { markedSecret, randomHex, sha256 } from '../secrets.ts'
import type { OAuthClient } from './oauth-client.ts'

/** Seconds that a device code lives: assumed. */
export const deviceLifetime = 600
/** Seconds between two requests of a device: the default of RFC 8628 section 3.2. */
export const deviceInterval = 5

/** What a device asks for. */
export interface DeviceRequest {
  readonly client: OAuthClient
  readonly scopes: readonly string[]
  readonly resource: string
}

/** A device that waits for a person. */
export interface WaitingDevice extends DeviceRequest {
  readonly userCode: string
}

/** What a person allowed a device. */
interface Allowed extends Pick<DeviceRequest, 'scopes' | 'resource'> {
  readonly account: string
}

type DeviceRefusal = 'invalid_grant' | 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token'

/** The devices of one authorization server (RFC 8628). */
export interface DeviceCodes {
  make(request: DeviceRequest): Promise<{ readonly deviceCode: string; readonly userCode: string }>
  /** The device that shows this code and still waits; case and dashes do not matter. */
  waiting(userCode: string): WaitingDevice | undefined
  /** The person's decision: an account, or no. */
  decide(userCode: string, account: string | undefined): void
  /** The device asks whether the person has decided. */
  poll(deviceCode: string, clientId: string): Promise<Allowed | DeviceRefusal>
}

interface Device extends WaitingDevice {
  readonly endsAt: number
  state: 'waiting' | 'denied' | 'used' | { readonly account: string }
  interval: number
  polledAt: number
}

/** Makes an empty table of devices. */
export function createDeviceCodes(clock: Clock): DeviceCodes {
  const byDeviceCode = new Map<string, Device>()
  const byUserCode = new Map<string, Device>()
  const waiting = (userCode: string): Device | undefined => {
    const device = byUserCode.get(normal(userCode))
    return device?.state === 'waiting' && clock.now() < device.endsAt ? device : undefined
  }
  return {
    async make(request) {
      const deviceCode = markedSecret('dc_', randomHex(64))
      const userCode = newUserCode()
      const device: Device = {
        ...request,
        userCode,
        endsAt: clock.now() + deviceLifetime * 1000,
        state: 'waiting',
        interval: deviceInterval,
        polledAt: -Infinity,
      }
      byDeviceCode.set(await sha256(deviceCode), device)
      byUserCode.set(normal(userCode), device)
      return { deviceCode, userCode }
    },
    waiting,
    decide(userCode, account) {
      const device = waiting(userCode)
      if (device !== undefined) device.state = account === undefined ? 'denied' : { account }
    },
    async poll(deviceCode, clientId) {
      const device = byDeviceCode.get(await sha256(deviceCode))
      if (device === undefined || device.client.id !== clientId || device.state === 'used') return 'invalid_grant'
      if (clock.now() >= device.endsAt) return 'expired_token'
      const early = clock.now() - device.polledAt < device.interval * 1000
      device.polledAt = clock.now()
      if (early) {
        device.interval += 5
        return 'slow_down'
      }
      if (device.state === 'denied') return 'access_denied'
      if (device.state === 'waiting') return 'authorization_pending'
      const { account } = device.state
      device.state = 'used'
      return { account, scopes: device.scopes, resource: device.resource }
    },
  }
}

// Consonants only, as RFC 8628 section 6.1 advises: no words come about. The leak marker does not fit in.
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

function newUserCode(): string {
  const picked = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => letters[byte % letters.length] ?? 'B')
  return `${picked.slice(0, 4).join('')}-${picked.slice(4).join('')}`
}

function normal(userCode: string): string {
  return userCode.toUpperCase().replace(/[^A-Z]/g, '')
}
