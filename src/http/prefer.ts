/** Whether a Prefer header asks for an answer in the background (RFC 7240). */
export function prefersAsync(header: string | string[] | undefined): boolean {
  if (header === undefined) return false
  return [header]
    .flat()
    .join(',')
    .split(',')
    .some((preference) => preference.split(';', 1)[0]!.trim().toLowerCase() === 'respond-async')
}
