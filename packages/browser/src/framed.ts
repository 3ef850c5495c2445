/** Whether this page is shown inside of another one. */
export function isFramed(): boolean {
  return window !== top
}
