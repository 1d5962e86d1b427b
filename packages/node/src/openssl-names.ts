// What node:tls calls things, which is what OpenSSL calls them.
import type { NamedGroup } from "@sallyport/core";

/** `size`: bits of the key. Hybrids and ML-KEM have a name alone. */
export type EphemeralKeyInfo =
  | { readonly type: "ECDH"; readonly name: string; readonly size: number }
  | { readonly type: "TLSGroup"; readonly name: string; readonly size: undefined };

export function ephemeralKeyInfo(group: NamedGroup | undefined): EphemeralKeyInfo | Record<string, never> {
  if (group === undefined) return {};
  const known = keys.get(group);
  return known === undefined ? { type: "TLSGroup", name: group, size: undefined } : { type: "ECDH", ...known };
}

const keys: ReadonlyMap<NamedGroup, { readonly name: string; readonly size: number }> = new Map([
  ["x25519", { name: "X25519", size: 253 }],
  ["secp256r1", { name: "prime256v1", size: 256 }],
  ["secp384r1", { name: "secp384r1", size: 384 }],
  ["secp521r1", { name: "secp521r1", size: 521 }],
]);

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`; those of TLS 1.3 have their names from the RFC. */
export function opensslSuiteName(name: string): string {
  if (!name.includes("_WITH_")) return name;
  return name
    .replace("TLS_", "")
    .replace("_WITH_", "-")
    .replace("AES_", "AES")
    .replace("POLY1305_SHA256", "POLY1305")
    .replaceAll("_", "-");
}
