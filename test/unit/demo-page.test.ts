import { readFileSync } from "node:fs";
import { type ClientHello, type Info, readClientHello } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import type { Authority } from "../../packages/cli/src/demo/authority.ts";
import { html } from "../../packages/cli/src/demo/html.ts";
import { renderPage, stylePolicy } from "../../packages/cli/src/demo/page.ts";
import type { Visit } from "../../packages/cli/src/demo/visit.ts";

interface Recorded {
  readonly id: string;
  readonly hex: string;
}
const recorded: readonly Recorded[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);

const identity = { chainPem: "", keyPem: "" };
const authority: Authority = { name: "a CA", pem: "", fingerprint: "AB:CD", leaf: identity, rsaLeaf: identity };
const info: Info = {
  version: "tls1.3",
  suite: "TLS_AES_128_GCM_SHA256",
  alpn: "http/1.1",
  serverName: "localhost",
  handshakeKind: "full",
  group: "x25519",
  peer: undefined,
  psk: undefined,
  peerSignatureScheme: undefined,
  ownSignatureScheme: "ecdsa_secp256r1_sha256",
  ownCertificate: undefined,
  asksPeer: false,
  extendedMasterSecret: true,
  maxRecordSize: { send: 16_384, receive: 16_384 },
  sessionData: undefined,
};
const page = (visit: Partial<Visit> & Pick<Visit, "clientHello">): string =>
  renderPage({ info, messages: [], ...visit }, authority, 8443);

describe("the page shows every extension of", () => {
  test.each(recorded.map(({ id, hex }) => [id, hex] as const))("%s", (_, hex) => {
    const clientHello = helloOf(hex);
    const shown = page({ clientHello });
    for (const { type } of clientHello.extensions) expect(shown).toContain(type.name ?? type.id.toString(16));
    const grease = clientHello.extensions.some(({ type }) => type.name === undefined && (type.id & 0x0f0f) === 0x0a0a);
    if (grease) expect(shown).toContain("so that no server forgets to ignore");
    expect(shown).not.toContain("undefined");
  });
});

test("nothing from the wire becomes HTML", () => {
  const hostile = `<script>alert("1")</script>&'\u0000`;
  const clientHello: ClientHello = { ...helloOf(recorded[0]?.hex ?? ""), alpn: [hostile, "\x1a\x1a"], serverName: hostile };
  const shown = page({ clientHello, info: { ...info, alpn: hostile, serverName: hostile } });
  expect(shown).not.toContain("<script");
  expect(shown).toContain("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;");
  expect(shown).not.toContain("\u0000");
});

test("a retry is drawn as one, and told", () => {
  const clientHello = helloOf(recorded[0]?.hex ?? "");
  const seen = { length: 90, isProtected: false, milliseconds: 1 } as const;
  const messages = [
    { from: "client", type: "ClientHello", ...seen },
    { from: "server", type: "HelloRetryRequest", ...seen },
    { from: "client", type: "ClientHello", ...seen },
  ] as const;
  const shown = page({ clientHello, messages, info: { ...info, handshakeKind: "full-after-retry" } });
  expect(shown).toContain("client: ClientHello; server: HelloRetryRequest; client: ClientHello");
  expect(shown).toContain("one round trip more");
});

test("a page that came over TLS 1.2 says so, and speaks of no key share", () => {
  const shown = page({ clientHello: helloOf(recorded[0]?.hex ?? ""), info: { ...info, version: "tls1.2" } });
  expect(shown).toContain("This page came over TLS 1.2");
  expect(shown).toContain("In TLS 1.2 the shares follow the hellos");
  expect(shown).not.toContain("already sent a key share");
});

describe("the page says of a group that was not taken, though the browser has it first,", () => {
  const id = { X25519MLKEM768: 0x11ec, x25519: 0x1d, x448: 0x1e, secp256r1: 0x17 } as const;
  const named = (name: keyof typeof id) => ({ id: id[name], name });
  const shown = (
    groups: readonly (keyof typeof id)[],
    shares: readonly (keyof typeof id)[],
    more: Partial<Info> = {},
  ): string => {
    const clientHello = { ...helloOf(recorded[0]?.hex ?? ""), groups: groups.map(named), keyShareGroups: shares.map(named) };
    return page({ clientHello, info: { ...info, ...more } });
  };

  test("that there was no share of it, where asking for one would have cost a round trip", () => {
    expect(shown(["X25519MLKEM768", "x25519"], ["x25519"])).toContain(
      "X25519MLKEM768, for which it had sent no share: to ask for one",
    );
  });

  test("that this server doesn't speak it", () => {
    expect(shown(["x448", "x25519"], ["x25519"])).toContain("x448, which this server doesn&#39;t speak.");
  });

  test("that this server's order counts, where both had shares, and in TLS 1.2", () => {
    expect(shown(["secp256r1", "x25519"], ["secp256r1", "x25519"])).toContain(
      "secp256r1; it is this server&#39;s order that counts.",
    );
    expect(shown(["secp256r1", "x25519"], [], { version: "tls1.2" })).toContain(
      "secp256r1; it is this server&#39;s order that counts.",
    );
  });

  test("that TLS 1.2 has no room for it", () => {
    expect(shown(["X25519MLKEM768", "x25519"], [], { version: "tls1.2" })).toContain(
      "X25519MLKEM768, for which TLS 1.2 has no room.",
    );
  });

  test("nothing where it was taken", () => {
    expect(shown(["x25519", "secp256r1"], ["x25519"])).not.toContain("own first is");
  });
});

test("the certificate is said to cover the name for which it is, and no other", () => {
  const hello = helloOf(recorded[0]?.hex ?? "");
  const shown = (serverName: string | undefined): string =>
    page({ clientHello: { ...hello, serverName }, info: { ...info, serverName } });
  expect(shown("localhost")).toContain("and the certificate covers it.");
  expect(shown("other.example")).toContain("and the certificate is for localhost: this demo shows it to everybody");
  expect(shown("other.example")).not.toContain("covers it");
  expect(shown(undefined)).toContain("named no host");
});

test("signals among the suites are not counted as suites", () => {
  const suite = { id: 0x1301, name: "TLS_AES_128_GCM_SHA256" };
  const cipherSuites = [{ id: 0x1a1a, name: undefined }, suite, { id: 0x00ff, name: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV" }];
  const shown = page({ clientHello: { ...helloOf(recorded[0]?.hex ?? ""), cipherSuites } });
  expect(shown).toContain("number 1 of the 1 suite that it offered");
  expect(shown).toContain("in clear, 1 cipher suite\n");
});

test("an earlier session is seen in whatever form it is brought", () => {
  const hello = helloOf(recorded[0]?.hex ?? "");
  const tls12 = { ...hello, versions: [{ id: 0x0303, name: "TLSv1.2" }], extensions: [], offersPsk: false };
  const session = { type: { id: 35, name: "session_ticket" }, data: Uint8Array.of(1) };
  const wants = (clientHello: ClientHello): boolean => page({ clientHello }).includes("wanted to go on with an earlier session");
  expect(wants({ ...tls12, legacySessionId: new Uint8Array(0) })).toBe(false);
  expect(wants({ ...tls12, legacySessionId: new Uint8Array(32) })).toBe(true);
  expect(wants({ ...tls12, legacySessionId: new Uint8Array(0), extensions: [session] })).toBe(true);
  expect(wants({ ...tls12, legacySessionId: new Uint8Array(0), extensions: [{ ...session, data: new Uint8Array(0) }] })).toBe(
    false,
  );
  expect(wants({ ...hello, offersPsk: true })).toBe(true);
  expect(page({ clientHello: tls12 })).toContain("An earlier session of TLS 1.2");
});

test("the page holds no script, loads nothing, and its policy lets exactly its own style in", () => {
  const shown = page({ clientHello: helloOf(recorded[0]?.hex ?? "") });
  expect(shown).not.toMatch(/<script|<img|<link(?! rel="icon" href="data:,")| on[a-z]+=| style=|url\((?!#)|@import/);
  expect(stylePolicy).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/);
});

test("parts of a template are escaped, lists are joined, and HTML stays", () => {
  expect(html`<p title="${'"'}">${["<", html`<b>${1}</b>`, undefined]}</p>`.text).toBe('<p title="&#34;">&#60;<b>1</b></p>');
});

/** @param record with its header of five bytes */
function helloOf(record: string): ClientHello {
  const read = readClientHello(Buffer.from(record, "hex").subarray(5));
  if (read.kind === "malformed") throw read.error;
  return read.clientHello;
}
