// What is stapled to a certificate comes to the verifier of who asked for it, and to nobody else.
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  ConfigError,
  type Credential,
  dangerousAssertVerified,
  type PresentedIdentity,
  type ServerOptions,
  type StapleKind,
  serverConfig,
  type SyncVerifier,
} from "@sallyport/core";
import { seededCredential, seededNode } from "../support/seeded.ts";
import { converse, makePair } from "../support/pair.ts";

const ocspResponse = Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x00);
const signedCertificateTimestamps = [Uint8Array.of(0, 1, 2), Uint8Array.of(3)];
const stapled = (credential: Credential): Credential => ({ ...credential, ocspResponse, signedCertificateTimestamps });
const all: readonly StapleKind[] = ["ocsp", "sct"];

/** A verifier that trusts, and what it saw. */
function watching(asksFor?: readonly StapleKind[]): { readonly verifier: SyncVerifier; readonly seen: PresentedIdentity[] } {
  const seen: PresentedIdentity[] = [];
  const verify = (presented: PresentedIdentity) => {
    seen.push(presented);
    return dangerousAssertVerified(presented);
  };
  return { verifier: { label: "watching", schemes: ["ed25519"], verify, ...(asksFor && { asksFor }) }, seen };
}

function meet(server: Partial<ServerOptions>, client: Partial<ClientOptions>) {
  const pair = makePair({ server, client });
  converse(pair);
  return [pair.client.stage.kind, pair.server.stage.kind];
}

describe.each(["tls1.3", "tls1.2"] as const)("%s", (version) => {
  const versions = [version];

  test.each([[all], [["ocsp"]], [["sct"]], [undefined]] as const)("a client that asks for %j is given just that", (asksFor) => {
    const { verifier, seen } = watching(asksFor);
    expect(meet({ versions, credentials: [stapled(seededCredential("server"))] }, { versions, verifier })).toEqual([
      "established",
      "established",
    ]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      ocspResponse: asksFor?.some((kind) => kind === "ocsp") ? ocspResponse : undefined,
      signedCertificateTimestamps: asksFor?.some((kind) => kind === "sct") ? signedCertificateTimestamps : [],
    });
  });

  test("a server that has none staples none, and its verifier says what that means", () => {
    const { verifier, seen } = watching(all);
    expect(meet({ versions }, { versions, verifier })).toEqual(["established", "established"]);
    expect(seen[0]).toMatchObject({ ocspResponse: undefined, signedCertificateTimestamps: [] });
  });

  test("a server that asks its client is given them in TLS 1.3; TLS 1.2 has no way to ask", () => {
    const { verifier, seen } = watching(all);
    const own = stapled(seededCredential("a client", ["client"]));
    const outcome = meet({ versions, clientAuthentication: { mode: "required", verifier } }, { versions, credentials: [own] });
    expect(outcome).toEqual(["established", "established"]);
    const given =
      version === "tls1.3"
        ? { ocspResponse, signedCertificateTimestamps }
        : { ocspResponse: undefined, signedCertificateTimestamps: [] };
    expect(seen[0]).toMatchObject(given);
  });
});

test("a picker is told what the server would have stapled", () => {
  const asked: unknown[] = [];
  const picker = { pick: ({ staples }: { readonly staples: readonly StapleKind[] }) => void asked.push(staples) };
  meet({ clientAuthentication: { mode: "optional", verifier: watching(["sct"]).verifier } }, { credentials: picker });
  expect(asked).toEqual([["sct"]]);
});

test.each([
  { ocspResponse: new Uint8Array(0) },
  { ocspResponse: new Uint8Array(0xfffc) },
  { signedCertificateTimestamps: [new Uint8Array(0)] },
  { signedCertificateTimestamps: [new Uint8Array(0x8000), new Uint8Array(0x8000)] },
  { signedCertificateTimestamps: [new Uint8Array(0x8000)], ocspResponse: new Uint8Array(0x8000) },
])("a staple that has no bytes, or does not fit, is refused when the config is made (%#)", (staples) => {
  const credential = { ...seededCredential("server"), ...staples };
  const make = () => serverConfig({ provider: seededNode("staples"), now: () => 0, credentials: [credential] });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(Object.keys(staples)[0]);
});

test.each(["tls1.2", "tls1.3"] as const)("%s: the largest staples that a config takes go over the wire", (version) => {
  const largest = { ocspResponse: new Uint8Array(0x7ff0), signedCertificateTimestamps: [new Uint8Array(0x7ffe)] };
  const versions = [version];
  const { verifier } = watching(["ocsp", "sct"]);
  const limits = { certificateMessage: 2 ** 17, handshakeMessage: 2 ** 17 };
  const server = { versions, credentials: [{ ...seededCredential("server"), ...largest }] as const };
  expect(meet(server, { versions, verifier, limits })).toEqual(["established", "established"]);
});
