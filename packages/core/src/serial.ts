let last = 0

/** A number above all earlier ones: says what happened later, whatever the clock does. */
export function nextSerial(): number {
  last += 1
  return last
}
