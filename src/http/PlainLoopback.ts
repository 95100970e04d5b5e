/** Says which URLs may use plain http: only those of this machine. */

/** Whether a URL leads to this machine over plain http. */
export const isPlainLoopback = ({ hostname, protocol }: URL): boolean =>
  protocol === "http:" && /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(hostname)
