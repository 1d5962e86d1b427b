// Key agreement that holds as long as one of its halves does: ML-KEM and a curve, side by side (draft-ietf-tls-ecdhe-mlkem).
import { ApiMisuse } from "../errors.ts";
import { type Bytes, concat, wipe } from "../wire/bytes.ts";
import type { NamedGroup } from "../wire/registry.ts";
import { type MlKem, mlKemLengths, mlKemSecretLength } from "./ml-kem.ts";
import type { SyncGroup } from "./provider.ts";
import { expectLength } from "./results.ts";

/** What it was made of, for a provider that has a better half. */
export interface HybridGroup extends SyncGroup {
  readonly name: HybridName;
  readonly kem: MlKem;
  readonly curve: SyncGroup;
}
export type HybridName = "X25519MLKEM768" | "SecP256r1MLKEM768" | "SecP384r1MLKEM1024";

/**
 * The hybrid group of ML-KEM, with the parameters that the name says, and this curve's group. A share is invalid if either half
 * is; the secret is both, one behind the other.
 *
 * @example
 * const groups = [hybridGroup("X25519MLKEM768", kem, x25519), x25519];
 */
export function hybridGroup(name: HybridName, kem: MlKem, curve: SyncGroup): HybridGroup {
  const { curve: expected, first, parameters } = hybrids[name];
  const { encapsulationKey: encapsulationKeyLength, ciphertext: ciphertextLength } = mlKemLengths[parameters];
  if (curve.name !== expected) throw new ApiMisuse("bad-argument", `${name} is made with ${expected}, not with ${curve.name}`);

  const join = (fromKem: Uint8Array, fromCurve: Uint8Array): Bytes =>
    concat(first === "kem" ? [fromKem, fromCurve] : [fromCurve, fromKem]);
  const joinSecrets = (fromKem: Bytes, fromCurve: Bytes): Bytes => {
    const secret = join(expectLength(fromKem, mlKemSecretLength, "ML-KEM secret"), fromCurve);
    wipe(fromKem);
    wipe(fromCurve);
    return secret;
  };
  const split = (share: Uint8Array, kemLength: number, curveLength: number): Halves | undefined => {
    if (share.length !== kemLength + curveLength) return undefined;
    const at = first === "kem" ? kemLength : curveLength;
    const [head, tail] = [share.subarray(0, at), share.subarray(at)];
    return first === "kem" ? { ofKem: head, ofCurve: tail } : { ofKem: tail, ofCurve: head };
  };

  return {
    name,
    kem,
    curve,
    shareLength: {
      client: encapsulationKeyLength + curve.shareLength.client,
      server: ciphertextLength + curve.shareLength.server,
    },
    start: () => {
      const { encapsulationKey, decapsulationKey } = kem.generate();
      const { share, key } = curve.start();
      expectLength(encapsulationKey, encapsulationKeyLength, "ML-KEM encapsulation key");
      return { share: join(encapsulationKey, share), key: new HybridKey(decapsulationKey, key) };
    },
    complete: (key, peerShare) => {
      if (!(key instanceof HybridKey)) throw new ApiMisuse("bad-argument", `this is no private key of ${name}`);
      const halves = split(peerShare, ciphertextLength, curve.shareLength.server);
      if (halves === undefined) return undefined;
      const fromCurve = curve.complete(key.ofCurve, halves.ofCurve);
      return fromCurve && joinSecrets(kem.decapsulate(key.ofKem, halves.ofKem), fromCurve);
    },
    respond: (peerShare) => {
      const halves = split(peerShare, encapsulationKeyLength, curve.shareLength.client);
      const fromKem = halves && kem.encapsulate(halves.ofKem);
      if (halves === undefined || fromKem === undefined) return undefined;
      expectLength(fromKem.ciphertext, ciphertextLength, "ML-KEM ciphertext");
      const fromCurve = curve.respond(halves.ofCurve);
      if (fromCurve !== undefined) {
        return { share: join(fromKem.ciphertext, fromCurve.share), secret: joinSecrets(fromKem.secret, fromCurve.secret) };
      }
      wipe(fromKem.secret);
      return undefined;
    },
  };
}

/** Servers that know no ML-KEM know these. */
export function isClassical(name: NamedGroup): boolean {
  return name !== "MLKEM1024" && !Object.hasOwn(hybrids, name);
}

/** Which half comes first, in shares and in the secret alike: X25519MLKEM768 has it the other way round than its name says. */
const hybrids = {
  X25519MLKEM768: { curve: "x25519", first: "kem", parameters: 768 },
  SecP256r1MLKEM768: { curve: "secp256r1", first: "curve", parameters: 768 },
  SecP384r1MLKEM1024: { curve: "secp384r1", first: "curve", parameters: 1024 },
} as const satisfies Readonly<Record<HybridName, Hybrid>>;

interface Hybrid {
  readonly curve: NamedGroup;
  readonly first: "kem" | "curve";
  readonly parameters: keyof typeof mlKemLengths;
}

interface Halves {
  readonly ofKem: Uint8Array;
  readonly ofCurve: Uint8Array;
}

class HybridKey {
  readonly ofKem: unknown;
  readonly ofCurve: unknown;

  constructor(ofKem: unknown, ofCurve: unknown) {
    this.ofKem = ofKem;
    this.ofCurve = ofCurve;
  }
}
