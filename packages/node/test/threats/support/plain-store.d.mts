import type { Lock, Store } from '@pentauth/core'
export declare function plainStore(folder: string): Store & { readonly withLock: Lock }
export declare function tempStore(folder: string): Store & { readonly withLock: Lock }
