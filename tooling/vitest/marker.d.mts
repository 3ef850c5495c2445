/** Whether a text shows the marker of a test credential, also in base64, hex or percent-encoding; for tests in pages, too. */
export declare function hasMarker(text: string): boolean
