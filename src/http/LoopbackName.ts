/** Recognises this machine by its names. */

const octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)"
const names = new RegExp(`^(127(\\.${octet}){3}|::1|\\[::1\\]|localhost)$`)

/** Whether a lower-case host name without a port means this machine. */
export const isLoopback = (hostname: string): boolean => names.test(hostname)

/** Whether a URL leads to this machine over plain http. Only such URLs may use plain http. */
export const isPlainLoopback = ({ hostname, protocol }: URL): boolean => protocol === "http:" && isLoopback(hostname)
