/** One metadata document, of which nothing is believed before it is looked at. */
export interface Document {
  readonly json: object
  /** Such as `authorization server metadata`, for messages. */
  readonly what: string
  readonly url: string
  /** Milliseconds. */
  readonly lifetime: number
}
