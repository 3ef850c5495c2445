import type { ServiceOptions } from '../service-options.ts'
import type { SignInWishes } from './sign-in-way.ts'
import type { WireKind } from './wire.ts'

export interface BridgeOptions extends ServiceOptions, SignInWishes {
  readonly transport: WireKind
  readonly header?: readonly string[]
  readonly ignoreTool?: readonly string[]
  readonly debug?: boolean
}
