// A ClientHello, field by field, in its own order.
import type { ClientHello, Registered } from "@sallyport/core";
import { codePoint, isGrease, printable } from "@sallyport/explain";

export interface Field {
  readonly name: string;
  /** In plain words. */
  readonly meaning: string;
  readonly values: readonly Value[];
}
export interface Value {
  readonly text: string;
  /** Means nothing, and is there on purpose. */
  readonly isGrease: boolean;
  /** Bytes in hex rather than a name. */
  readonly isRaw: boolean;
}

/** Without the values that are no suites: GREASE, and the signals (RFC 5746 §3.3, RFC 7507). */
export function suitesOf({ cipherSuites }: ClientHello): readonly Registered[] {
  return cipherSuites.filter((value) => !isGrease(value) && value.name?.endsWith("_SCSV") !== true);
}

/** The fixed fields. */
export function fieldsOf(hello: ClientHello): readonly Field[] {
  return [
    {
      name: "legacy_version",
      meaning: "What TLS 1.2 would read as the version. From TLS 1.3 on it is always this, and supported_versions counts.",
      values: [raw(hello.legacyVersion.toString(16).padStart(4, "0"))],
    },
    { name: "random", meaning: "32 fresh bytes, so that no two handshakes are alike.", values: [raw(hex(hello.random))] },
    {
      name: "legacy_session_id",
      meaning: hello.versions.some(({ name }) => name === "TLSv1.3")
        ? "Whatever it holds, it is there to look like TLS 1.2 to boxes on the way; in TLS 1.3 the server sends it back unread."
        : "An earlier session of TLS 1.2 that it wants to go on with, if it wants to.",
      values: [raw(hex(hello.legacySessionId))],
    },
    { name: "cipher_suites", meaning: "How it can seal records, best first.", values: points(hello.cipherSuites) },
    { name: "legacy_compression_methods", meaning: "Only null is left.", values: [raw(hex(hello.compressionMethods))] },
  ];
}

/** All extensions, unknown ones too. */
export function extensionsOf(hello: ClientHello): readonly Field[] {
  return hello.extensions.map(({ type, data }) => ({
    name: codePoint(type),
    meaning: isGrease(type) ? greaseMeaning : (meanings.get(type.name ?? "") ?? "Not known here: ignored, as the RFC demands."),
    values: valuesOf(type.name, hello) ?? [raw(data.length === 0 ? "" : hex(data))],
  }));
}

const greaseMeaning = "Means nothing. It is sent so that no server forgets to ignore what it doesn't know (RFC 8701).";

/** undefined: shown as bytes. */
function valuesOf(extension: string | undefined, hello: ClientHello): readonly Value[] | undefined {
  switch (extension) {
    case "server_name":
      return hello.serverName === undefined ? undefined : [text(hello.serverName)];
    case "application_layer_protocol_negotiation":
      return hello.alpn.map(protocol);
    case "supported_versions":
      return points(hello.versions);
    case "supported_groups":
      return hello.groups && points(hello.groups);
    case "key_share":
      return points(hello.keyShareGroups);
    case "signature_algorithms":
      return hello.signatureSchemes && points(hello.signatureSchemes);
    case "signature_algorithms_cert":
      return hello.certificateSignatureSchemes && points(hello.certificateSignatureSchemes);
    default:
      return undefined;
  }
}

const meanings: ReadonlyMap<string, string> = new Map([
  ["server_name", "The host it wants, readable for everybody on the way."],
  ["status_request", "It would like a stapled OCSP answer: is the certificate revoked?"],
  ["supported_groups", "Which curves and key exchanges it can do, best first."],
  ["ec_point_formats", "How curve points may be written; a matter of TLS 1.2."],
  ["signature_algorithms", "Which signatures it takes as a proof of the server's key, best first."],
  ["signature_algorithms_cert", "Which signatures it takes inside certificates."],
  ["application_layer_protocol_negotiation", "What it wants to speak inside (ALPN)."],
  ["signed_certificate_timestamp", "It would like proof that the certificate was logged in public."],
  ["padding", "Nothing but length."],
  ["encrypt_then_mac", "A repair of TLS 1.2's older suites."],
  ["extended_master_secret", "A repair of TLS 1.2; TLS 1.3 has it built in."],
  ["compress_certificate", "How certificates may be compressed."],
  ["record_size_limit", "The largest record it wants to get."],
  ["delegated_credential", "It takes short-lived keys that a certificate vouches for."],
  ["session_ticket", "Sessions of TLS 1.2, to be gone on with."],
  ["pre_shared_key", "An earlier session that it wants to go on with."],
  ["early_data", "It sends data before the handshake is done."],
  ["supported_versions", "Which versions of TLS it speaks."],
  ["cookie", "What a HelloRetryRequest gave it to bring back."],
  ["psk_key_exchange_modes", "How it would go on with an earlier session."],
  ["certificate_authorities", "Whose certificates it would like to see."],
  ["post_handshake_auth", "It may be asked for a certificate later."],
  ["key_share", "Its half of the key exchange, for the groups it guesses the server has."],
  ["application_settings", "Settings of HTTP/2 within the handshake."],
  ["encrypted_client_hello", "The true hello, encrypted; or, without a key for it, noise that looks the same."],
  ["renegotiation_info", "A repair of TLS 1.2 and older."],
]);

function points(values: readonly Registered[]): readonly Value[] {
  return values.map((value) => ({ text: codePoint(value), isGrease: isGrease(value), isRaw: false }));
}

function protocol(name: string): Value {
  const id = name.length === 2 ? name.charCodeAt(0) * 256 + name.charCodeAt(1) : 0;
  const value = { id, name: undefined };
  return name.length === 2 && isGrease(value) ? { text: codePoint(value), isGrease: true, isRaw: false } : text(name);
}

function text(content: string): Value {
  return { text: printable(content), isGrease: false, isRaw: false };
}

function raw(digits: string): Value {
  return { text: digits === "" ? "empty" : digits, isGrease: false, isRaw: digits !== "" };
}

function hex(bytes: Uint8Array | readonly number[]): string {
  return Buffer.from(bytes).toString("hex");
}
