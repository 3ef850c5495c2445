const loopback = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost|.+\.localhost)$/

/** Whether a host name of a parsed URL is this machine. */
export function isLoopback(host: string): boolean {
  return loopback.test(host)
}
