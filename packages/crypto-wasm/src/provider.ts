import { type CryptoProvider, type Group, type HybridGroup, hybridGroup, type SyncGroup } from "@sallyport/core";
import { chacha20Poly1305 } from "./aead.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { loadSodium } from "./sodium.ts";
import { x25519 } from "./x25519.ts";

/**
 * `base` with libsodium in the place of its ChaCha20-Poly1305, its X25519, alone and beside ML-KEM-768, and its verification by
 * Ed25519. All else stays `base`'s, and what `base` leaves out is left out; its order stays too, so it should prefer ChaCha20.
 *
 * Settles when WebAssembly is compiled: no provider is ever half ready.
 *
 * @param base key shares come from its `random`, and so repeat if that does
 * @throws Error (rejects, with libsodium's own words) where WebAssembly can't be compiled: in a page, without `wasm-unsafe-eval` in
 *   its Content-Security-Policy
 * @example
 * const provider = await wasmCrypto(noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) }));
 */
export async function wasmCrypto(base: CryptoProvider): Promise<CryptoProvider> {
  const sodium = await loadSodium();
  const aead = chacha20Poly1305(sodium);
  const curve = x25519(sodium, base.random);
  const ed25519 = verifyEd25519(sodium);
  return {
    ...base,
    name: `${base.name} with WebAssembly`,
    suites: base.suites.map((suite) => (suite.name.includes("CHACHA20_POLY1305") ? { ...suite, ...aead } : suite)),
    groups: base.groups.map((group) => withCurve(group, curve)),
    verifications: base.verifications.map((one) => (one.scheme === "ed25519" ? ed25519 : one)),
  };
}

function withCurve(group: Group, curve: SyncGroup): Group {
  if (group.name === curve.name) return curve;
  return isHybrid(group) && group.curve.name === curve.name ? hybridGroup(group.name, group.kem, curve) : group;
}

function isHybrid(group: Group | HybridGroup): group is HybridGroup {
  return "kem" in group && "curve" in group;
}
