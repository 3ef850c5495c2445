/** Makers of test credentials: valid in form, marked, the same for the same name on every run. */
export declare const testKey: Readonly<
  Record<
    | 'pendium'
    | 'pensyve'
    | 'profundis'
    | 'pentographer'
    | 'pentographerSecret'
    | 'pentographerClientId'
    | 'pendra'
    | 'token',
    (name?: string) => string
  >
>

export interface Rendering {
  readonly way: string
  readonly text: string
}

/** Every way in which a value, and each error of its cause chain, becomes text. */
export declare function renderings(value: unknown): readonly Rendering[]

/** Whether a text shows the marker of a test credential, also in base64, hex or percent-encoding. */
export declare function hasMarker(text: string): boolean

/** Fails if the value shows the marker in any rendering. */
export declare function expectNoMarker(value: unknown): void

/** The error that a call fails with, looked at by the canary; fails if the call succeeds. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever fields it expects
export declare function caught(work: Promise<unknown> | (() => unknown)): Promise<any>
