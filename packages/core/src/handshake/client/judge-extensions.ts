import { fail } from "../../errors.ts";
import { agreeOnSizes, judgeSizeLimit, type RecordSizes, saidLimit } from "../../record/size-limit.ts";
import type { DecodedClientHello } from "../../wire/client-hello.ts";
import type { EncryptedExtensions } from "../../wire/encrypted-extensions.ts";
import type { Extension } from "../../wire/extensions.ts";
import {
  type CertificateType,
  certificateTypeIds,
  type ExtensionName,
  extensionIds,
  type ProtocolVersion,
  type Registered,
  spelled,
} from "../../wire/registry.ts";
import type { Goal } from "./states.ts";

/**
 * A server answers only what was asked, and each answer where it belongs (RFC 9846 §4.3). A cookie needs no asking.
 * @param allowed the extensions that we read in this message.
 */
export function judgeAnswers(
  message: string,
  answers: readonly Extension[],
  hello: DecodedClientHello,
  allowed: readonly ExtensionName[],
): void {
  const answered = (name: ExtensionName): boolean => answers.some(({ type }) => type.id === extensionIds[name]);
  if (answered("record_size_limit") && answered("max_fragment_length")) {
    const received = "max_fragment_length beside it";
    fail("illegal-parameter", { message, field: "record_size_limit", expected: "one limit", received }, "RFC 8449 §5");
  }
  for (const { type } of answers) {
    const belongs = allowed.some((name) => extensionIds[name] === type.id);
    if (belongs && type.id === extensionIds.cookie) continue;
    const asked = hello.extensions.some((extension) => extension.type.id === type.id);
    if (!asked) fail("unsolicited-extension", { message, extension: type }, "RFC 9846 §4.3");
    if (belongs) continue;
    const received = type.name ?? String(type.id);
    fail(
      "illegal-parameter",
      { message, field: "extensions", expected: `what belongs in ${message}`, received },
      "RFC 9846 §4.3",
    );
  }
}

/** The protocol that the server chose (RFC 7301 §3.2). */
export function judgeEncryptedExtensions(
  message: EncryptedExtensions,
  hello: DecodedClientHello,
  goal: Goal,
): string | undefined {
  judgeAnswers("encrypted_extensions", message.extensions, hello, encryptedExtensions);
  judgeSizeLimit("encrypted_extensions", message.recordSizeLimit, "tls1.3");
  return message.alpn === undefined ? undefined : judgeProtocol("encrypted_extensions", message.alpn, goal);
}

/** What the server chose (RFC 7250 §4.2): whose certificate is of which type. */
export interface ChosenTypes {
  readonly client: CertificateType;
  readonly server: CertificateType;
}

/** A type that was offered; a server that says nothing means X.509. */
export function judgeCertificateTypes(
  message: string,
  { clientCertificateType, serverCertificateType }: Pick<EncryptedExtensions, "clientCertificateType" | "serverCertificateType">,
  { clientCertificateTypes, serverCertificateTypes }: DecodedClientHello,
): ChosenTypes {
  const judge = (field: string, id: number | undefined, offered: readonly Registered[] = []): CertificateType => {
    if (id === undefined) return "x509";
    const type = certificateTypes.find((name) => certificateTypeIds[name] === id && offered.some((each) => each.id === id));
    if (type !== undefined) return type;
    const expected = `one of ${offered.map(({ name }) => name).join(", ")}`;
    return fail("illegal-parameter", { message, field, expected, received: spelled("certificateType", id) }, "RFC 7250 §4.2");
  };
  return {
    client: judge("client_certificate_type", clientCertificateType, clientCertificateTypes),
    server: judge("server_certificate_type", serverCertificateType, serverCertificateTypes),
  };
}
const certificateTypes = ["x509", "raw-public-key"] as const;

/** Behind a hello that takes no X.509: a server that doesn't know of anything else sends it all the same (RFC 7250 §4.2). */
export function judgeServerCertificateType(type: CertificateType, { settings }: Goal): void {
  if (settings.verifier.types?.includes(type) !== false) return;
  const problem = "an X.509 certificate, and only a raw public key was asked for";
  fail("unsupported-certificate", { problem }, "RFC 7250 §4.2");
}

/** What a server's record_size_limit, or none, makes of our offer. */
export function recordSizes(version: ProtocolVersion, theirs: number | undefined, { settings }: Goal): RecordSizes {
  const { maxRecordSize, versions } = settings;
  return agreeOnSizes(version, maxRecordSize, saidLimit(maxRecordSize, versions), theirs);
}

export function judgeProtocol(message: string, chosen: string, { alpn: offered }: Goal): string {
  if (!offered.includes(chosen)) {
    const context = {
      message,
      field: "protocol_name",
      expected: "a protocol that was offered",
      received: JSON.stringify(chosen),
    };
    fail("illegal-parameter", context, "RFC 7301 §3.2");
  }
  return chosen;
}
const encryptedExtensions = [
  "server_name",
  "supported_groups",
  "application_layer_protocol_negotiation",
  "record_size_limit",
  "early_data",
  "client_certificate_type",
  "server_certificate_type",
  "ticket_request",
] as const;
