// WebCrypto has r and s of ECDSA side by side (IEEE P1363); on the wire they are a DER SEQUENCE of two INTEGERs.
import type { Bytes } from "@sallyport/core";

export function toDer(signature: Uint8Array): Bytes {
  const half = signature.length / 2;
  const contents = [...integer(signature.subarray(0, half)), ...integer(signature.subarray(half))];
  const length = contents.length < 0x80 ? [contents.length] : [0x81, contents.length]; // 139 at most, for P-521
  return Uint8Array.of(0x30, ...length, ...contents);
}

function integer(bigEndian: Uint8Array): readonly number[] {
  const first = bigEndian.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? [0] : [...bigEndian.subarray(first)];
  if ((digits[0] ?? 0) >= 0x80) digits.unshift(0); // else it would be negative
  return [0x02, digits.length, ...digits];
}

/**
 * @param half the length of the curve's order, in bytes
 * @returns undefined: no DER, which is canonical, or a number that is negative or longer than the order.
 */
export function fromDer(signature: Uint8Array, half: number): Bytes | undefined {
  const headLength = signature[1] === 0x81 ? 3 : 2;
  const rLength = signature[headLength + 1] ?? 0;
  const r = signature.subarray(headLength + 2, headLength + 2 + rLength);
  const s = signature.subarray(headLength + 2 + rLength + 2);
  const plain = new Uint8Array(2 * half);
  for (const [digits, end] of [
    [r, half],
    [s, 2 * half],
  ] as const) {
    const significant = digits[0] === 0 ? digits.subarray(1) : digits;
    if (significant.length > half) return undefined;
    plain.set(significant, end - significant.length);
  }
  const canonical = toDer(plain);
  const isSame = canonical.length === signature.length && canonical.every((byte, at) => byte === signature[at]);
  return isSame ? plain : undefined;
}
