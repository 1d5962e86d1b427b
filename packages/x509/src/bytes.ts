export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

/** A plain Uint8Array of its own: what the caller does with `bytes` afterwards (a Buffer of a pool, say) changes nothing. */
export function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const fresh = new Uint8Array(bytes.length);
  fresh.set(bytes);
  return fresh;
}

/** One character an octet: a key for maps, and the text of what is ASCII. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  // In pieces that are arguments of one call: a string that grew by single characters keeps each of them as an object.
  for (let at = 0; at < bytes.length; at += 4096) text += characters(bytes.subarray(at, at + 4096));
  return text;
}

/** An array is taken as it is, where a spread would go through it octet by octet. */
function characters(octets: Uint8Array): string {
  const text: string = Reflect.apply(String.fromCharCode, undefined, octets);
  return text;
}

export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0x7f);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** undefined: not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decodeURIComponent(Array.from(bytes, (octet) => `%${octet.toString(16).padStart(2, "0")}`).join(""));
  } catch {
    return undefined;
  }
}

/** RFC 4648 §4, with padding. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let place = 0; place < 4; place++) {
      text += at + place > bytes.length ? "=" : base64Alphabet.charAt((group >> (18 - 6 * place)) & 63);
    }
  }
  return text;
}
export const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
