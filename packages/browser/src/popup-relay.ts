/** PLACEHOLDER of H4's part. */
export async function handOver(_url: URL, _state: string | null): Promise<boolean> {
  return false
}
