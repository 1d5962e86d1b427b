import { fail } from "../errors.ts";
import { type Bytes, hex } from "../wire/bytes.ts";
import type { Verifier } from "./identity.ts";
import type { CommonSettings } from "./settings.ts";

/**
 * What must not differ for a session to be taken over, hashed: a session's peer was judged by a verifier, and a session made
 * under a laxer config must not enter a stricter one (RFC 9846, Appendix C.4).
 *
 * @param verifier who judges the peer; undefined: the peer is not asked who it is
 * @param pskOnly who does not know a PSK is not let in: sessions of those who need none must not enter
 * @param shown the leaves that a client may show: to the server a resumed session's client is whom it was made by
 */
export function configId(
  role: "client" | "server",
  settings: Pick<CommonSettings, "hashes" | "alpn" | "verifications">,
  verifier: Verifier | undefined,
  label: string | undefined,
  {
    clientAuthentication = "none",
    shown = [],
    pskOnly,
  }: {
    readonly pskOnly: boolean;
    readonly clientAuthentication?: "optional" | "required" | "none" | undefined;
    readonly shown?: readonly Uint8Array[];
  },
): Bytes {
  const { alpn, verifications } = settings;
  const judge = verifier && {
    label: verifier.label,
    schemes: verifier.schemes,
    types: verifier.types ?? ["x509"],
    asksFor: verifier.asksFor ?? [],
    oidFilters: (verifier.oidFilters ?? []).map(({ oid, values }) => [hex(oid), hex(values)]),
    proofs: [...verifications.keys()],
  };
  const text = JSON.stringify({
    format: 1,
    role,
    verifier: judge ?? null,
    alpn,
    clientAuthentication,
    pskOnly,
    shown: shown.map(hex),
    label: label ?? null,
  });
  return hashOf(settings, text);
}

/** Of a config that differs by its protocols alone from the one whose id it has. */
export function idWithAlpn({ hashes, id }: Pick<CommonSettings, "hashes" | "id">, alpn: readonly string[]): Bytes {
  return hashOf({ hashes }, JSON.stringify({ format: 1, of: hex(id), alpn }));
}

function hashOf({ hashes }: Pick<CommonSettings, "hashes">, text: string): Bytes {
  // Each suite has one of the two for its hash, and each hash of a suite is there.
  const hash = hashes.get("sha256") ?? hashes.get("sha384") ?? fail("local-fault", { step: "config id" });
  const units = new Uint8Array(2 * text.length);
  for (let at = 0; at < text.length; at++) {
    units[2 * at] = text.charCodeAt(at) >> 8;
    units[2 * at + 1] = text.charCodeAt(at) & 0xff;
  }
  return hash.create().update(units).digest();
}
