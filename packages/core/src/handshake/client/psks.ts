// The PSKs of a ClientHello (RFC 9846 §4.3.11): a session first, then the config's external ones.
import type { PreparedPsk } from "../../config/check-psks.ts";
import { suiteMeanings } from "../../config/parameters.ts";
import type { ClientSettings } from "../../config/settings.ts";
import { pskBinder } from "../../crypto/key-schedule.ts";
import type { HashImplementation } from "../../crypto/provider.ts";
import type { SessionPsk, SessionState } from "../../session/state.ts";
import { type Bytes, empty, wipe } from "../../wire/bytes.ts";
import { bindersLength, decodeClientHello } from "../../wire/client-hello.ts";
import { type Extension, extension } from "../../wire/extensions.ts";
import type { Goal, Offer } from "./states.ts";

export type OfferedPsk =
  /** Its secret is this offer's own, and wiped by `forgetOffered`. */
  | { readonly kind: "session"; readonly state: SessionState; readonly hash: HashImplementation }
  /** Its key is the config's. */
  | { readonly kind: "external"; readonly psk: PreparedPsk; readonly hash: HashImplementation };

/** In the order in which they are offered. @param session of either version: one of TLS 1.2 is no PSK. */
export function offeredPsks({ settings }: Goal, session: SessionState | undefined): readonly OfferedPsk[] {
  const offered: OfferedPsk[] = [];
  const isOurs = session !== undefined && suiteMeanings[session.suite].version === "tls1.3";
  const hash = isOurs ? hashOf(session, settings) : undefined;
  if (session !== undefined && hash !== undefined) offered.push({ kind: "session", state: session, hash });
  for (const psk of settings.psks) {
    const hash = settings.hashes.get(psk.hash);
    if (hash !== undefined) offered.push({ kind: "external", psk, hash });
  }
  return offered;
}

/** The hash of the session's suite, while the config has the suite. */
export function hashOf({ suite }: SessionState, { suites, hashes }: ClientSettings): HashImplementation | undefined {
  const implementation = suites.find(({ name }) => name === suite);
  return implementation && hashes.get(implementation.hash);
}

/** The last extension of a hello; its binders are zeros until `sealBinders`. */
export function preSharedKey(psks: readonly OfferedPsk[], { now }: ClientSettings): Extension {
  const nowMs = now();
  return extension("pre_shared_key", (writer) => {
    writer.list(2, psks, (_, psk) => {
      if (psk.kind === "external") {
        // RFC 9846 §4.3.11: "For identities established externally, an obfuscated_ticket_age of 0 SHOULD be used".
        writer.opaque(2, psk.psk.identity).u32(0);
      } else {
        const { ticket = empty, issuedMs, ageAdd } = psk.state;
        writer.opaque(2, ticket).u32((Math.max(0, nowMs - issuedMs) + ageAdd) % 2 ** 32);
      }
    });
    writer.list(2, psks, (_, { hash }) => writer.opaque(1, new Uint8Array(hash.length)));
  });
}

/** @param digest of all before the hello, and of the hello up to its binders (§4.3.11.2). */
export function sealBinders(
  raw: Bytes,
  psks: readonly OfferedPsk[],
  digest: (hash: HashImplementation, truncated: Uint8Array) => Bytes,
): void {
  const start = raw.length - bindersLength(decodeClientHello(raw));
  const truncated = raw.slice(0, start);
  let at = start + 2;
  for (const psk of psks) {
    const { hash } = psk;
    const [label, key] =
      psk.kind === "session" ? (["res binder", psk.state.secret] as const) : ([psk.psk.binder, psk.psk.key] as const);
    raw.set(pskBinder(hash, label, key, digest(hash, truncated)), at + 1);
    at += 1 + hash.length;
  }
}

/** §4.2.2: behind HelloRetryRequest those stay that go with its suite. */
export function fittingPsks(psks: readonly OfferedPsk[], hash: HashImplementation): readonly OfferedPsk[] {
  for (const psk of psks) if (psk.hash !== hash) forget(psk);
  return psks.filter((psk) => psk.hash === hash);
}

/** Wipes the secret of a session that was offered: it was taken up, or never will be. */
export function forgetOffered({ psks, sessionTls12 }: Pick<Offer, "psks" | "sessionTls12">): void {
  psks.forEach(forget);
  if (sessionTls12 !== undefined) wipe(sessionTls12.secret);
}
function forget(psk: OfferedPsk): void {
  if (psk.kind === "session") wipe(psk.state.secret);
}

/** What goes into the key schedule. */
export function secretOf(psk: OfferedPsk | undefined): Uint8Array | undefined {
  return psk?.kind === "session" ? psk.state.secret : psk?.psk.key;
}

/** The external PSK that stands behind it, now or in the session's full handshake. */
export function externalOf(psk: OfferedPsk | undefined): SessionPsk | undefined {
  if (psk?.kind !== "external") return psk?.state.psk;
  return { identity: psk.psk.name, fingerprint: psk.psk.fingerprint };
}
