// The runner's command line: which flags we know, and for which connection each was meant.

/** A flag, or a value of one, that the shim does nothing with: exit 89, and the test counts as not implemented. */
export class Unimplemented extends Error {
  override readonly name = "Unimplemented";
}

/** Of one connection. Values as they stand on the command line; a flag that is repeated has several. */
export class Flags {
  readonly #values = new Map<string, string[]>();
  /** What follows `-new-x509-credential` and its kin belongs to that credential. */
  readonly credentials: Credential[] = [];

  add(name: string, value: string): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }
  has(name: string): boolean {
    return this.#values.has(name);
  }
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
  /** The last one, as BoringSSL has it. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }
  numbers(name: string): readonly number[] {
    return this.texts(name).map(Number);
  }
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }
  bytes(name: string): Uint8Array | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : new Uint8Array(Buffer.from(text, "base64"));
  }
}

export interface Credential {
  /** The default one is made of the flags that stand outside of any other. */
  readonly kind: "default" | "x509" | "rpk" | "psk";
  readonly flags: Flags;
}

/** `retry`: behind a rejection of 0-RTT, on the same transport. */
export interface CommandLine {
  readonly initial: Flags;
  readonly resume: Flags;
  readonly retry: Flags;
}

/** @throws Unimplemented */
export function readCommandLine(given: readonly string[]): CommandLine {
  const line: CommandLine = { initial: new Flags(), resume: new Flags(), retry: new Flags() };
  const every = Object.values(line) as readonly Flags[];
  for (let at = 0; at < given.length; at++) {
    const { name, targets } = addressed(given[at] ?? "", line, every);
    const arity = flags[name] ?? credentialFlags[name] ?? newCredentials[name]?.arity;
    if (arity === undefined) throw new Unimplemented(`-${name}`);
    if (arity === 1) at++;
    const value = arity === 1 ? (given[at] ?? "") : "";
    for (const target of targets ?? []) addTo(target, name, value);
  }
  return line;
}

/** Prefixes say for which connection; without one a flag is for all. */
function addressed(
  argument: string,
  { initial, resume, retry }: CommandLine,
  every: readonly Flags[],
): { readonly name: string; readonly targets: readonly Flags[] | undefined } {
  const name = argument.replace(/^-+(on-shim-)?/, "");
  const prefixes: readonly (readonly [string, readonly Flags[] | undefined])[] = [
    ["on-initial-", [initial]],
    ["on-resume-", [resume]],
    ["on-retry-", [retry]],
    ["on-handshaker-", undefined],
  ];
  for (const [prefix, targets] of prefixes) if (name.startsWith(prefix)) return { name: name.slice(prefix.length), targets };
  return { name, targets: every };
}

function addTo(target: Flags, name: string, value: string): void {
  const made = newCredentials[name];
  if (made !== undefined) {
    target.credentials.push({ kind: made.kind, flags: new Flags() });
    return;
  }
  const credential = target.credentials.at(-1);
  if (credential !== undefined && credentialFlags[name] !== undefined) credential.flags.add(name, value);
  else target.add(name, value);
}

type Arity = 0 | 1;
const switches = (...names: string[]): Record<string, Arity> => Object.fromEntries(names.map((name) => [name, 0]));
const valued = (...names: string[]): Record<string, Arity> => Object.fromEntries(names.map((name) => [name, 1]));

const newCredentials: Readonly<Record<string, { readonly kind: Credential["kind"]; readonly arity: Arity }>> = {
  "new-x509-credential": { kind: "x509", arity: 0 },
  "new-psk-credential": { kind: "psk", arity: 0 },
  "new-rpk-credential": { kind: "rpk", arity: 0 },
};

const credentialFlags: Readonly<Record<string, Arity>> = {
  ...valued(
    "cert-file",
    "key-file",
    "signing-prefs",
    "ocsp-response",
    "signed-cert-timestamps",
    "psk-importer-key",
    "psk-importer-identity",
    "psk-importer-context",
  ),
  ...switches("must-match-issuer", "psk-importer-sha256", "psk-importer-sha384"),
};

/** Those that the shim acts on, or checks. */
const acted: Readonly<Record<string, Arity>> = {
  ...switches(
    "server",
    "ipv6",
    "async",
    "is-handshaker-supported",
    "no-tls13",
    "no-tls12",
    "no-tls11",
    "no-tls1",
    "no-key-shares",
    "server-preference",
    "expect-hrr",
    "expect-no-hrr",
    "expect-no-server-name",
    "fail-early-callback",
    "fail-cert-callback",
    "verify-peer",
    "verify-fail",
    "require-any-client-certificate",
    "use-custom-verify-callback",
    "expect-no-peer-cert",
    "enable-ocsp-stapling",
    "enable-signed-cert-timestamps",
    "use-ocsp-callback",
    "set-ocsp-in-callback",
    "decline-ocsp-callback",
    "fail-ocsp-callback",
    "decline-alpn",
    "reject-alpn",
    "select-empty-alpn",
    "no-ticket",
    "expect-session-miss",
    "expect-no-session",
    "expect-extended-master-secret",
    "check-close-notify",
    "shim-shuts-down",
    "shim-writes-first",
    "read-with-unfinished-write",
    "key-update",
    "key-update-before-read",
    "use-export-context",
    "export-traffic-secrets",
    "expect-ticket-supports-early-data",
    "reverify-on-resume",
    "use-exporter-between-reads",
    "fips-202205",
    "wpa-202304",
    "cnsa-202407",
    "cnsa1-202603",
    "cnsa2-202603",
    "permute-extensions",
    "enable-grease",
    "install-cert-compression-algs",
    "enable-early-data",
    "expect-accept-early-data",
    "expect-reject-early-data",
    "expect-no-offer-early-data",
    "expect-session-id",
    "expect-no-session-id",
    "expect-ticket-renewal",
    "fail-ddos-callback",
    "skip-ticket",
  ),
  ...valued(
    "port",
    "shim-id",
    "resume-count",
    "min-version",
    "max-version",
    "expect-version",
    "cipher",
    "expect-cipher",
    "expect-cipher-aes",
    "expect-cipher-no-aes",
    "curves",
    "key-shares",
    "expect-curve-id",
    "host-name",
    "expect-server-name",
    "max-cert-list",
    "trust-cert",
    "expect-selected-credential",
    "verify-prefs",
    "expect-peer-signature-algorithm",
    "use-client-ca-list",
    "expect-client-ca-list",
    "expect-peer-cert-file",
    "expect-ocsp-response",
    "expect-signed-cert-timestamps",
    "resumption-delay",
    "advertise-alpn",
    "expect-alpn",
    "select-alpn",
    "expect-advertised-alpn",
    "export-keying-material",
    "export-label",
    "export-context",
    "shim-initial-write",
    "repeat-shim-initial-write",
    "accepted-peer-cert-types",
    "available-client-cert-types",
    "expect-peer-certificate-type",
    "expect-peer-rpk-sha256",
    "install-one-cert-compression-alg",
    "expect-early-data-reason",
    "expect-peer-verify-pref",
  ),
};

/** Those that change nothing here: shapes of OpenSSL's API, what we always do, and looks into places that we don't have. */
const indifferent: Readonly<Record<string, Arity>> = {
  ...switches(
    // One call or many to shake hands: here bytes go in.
    "implicit-handshake",
    "handshake-twice",
    "no-op-extra-handshake",
    "use-old-client-cert-callback",
    // The front door is always there, and so is the verifier's own verdict.
    "use-early-callback",
    "install-ddos-callback",
    "expect-verify-result",
    // Renegotiation is always refused, and peers without RFC 5746 are always spoken to.
    "renegotiate-ignore",
    "forbid-renegotiation-after-handshake",
    "no-legacy-server-connect",
    "expect-secure-renegotiation",
    "expect-no-secure-renegotiation",
    // What was read is in the hands of who reads: looking at it first is theirs.
    "peek-then-read",
    // How tickets are sealed is the machine's affair.
    "use-ticket-callback",
    "use-ticket-aead-callback",
    "renew-ticket",
  ),
  ...valued("read-size", "expect-msg-callback", "expect-certificate-types", "quic-transport-params", "quic-use-legacy-codepoint"),
};

const flags: Readonly<Record<string, Arity>> = { ...acted, ...indifferent };
