/** Plain http is for this machine only. */

/** Whether a URL leads to this machine over plain http. */
export const isPlainLoopback = ({ hostname, protocol }: URL): boolean =>
  protocol === "http:" && /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(hostname)
