// The record on the wire (RFC 9846 §5.1, §5.2).
export const contentTypes = { change_cipher_spec: 20, alert: 21, handshake: 22, application_data: 23 } as const;

export function contentTypeName(type: number): string {
  for (const [name, id] of Object.entries(contentTypes)) if (id === type) return name;
  return `content type ${type}`;
}

export const headerLength = 5;
export const tagLength = 16;
/** 2^14. */
export const maxPlaintext: number = 2 ** 14;
/** What protection may add to a record of TLS 1.3. */
export const maxExpansion = 256;
