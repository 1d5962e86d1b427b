// Which kind of certificate each side shows (RFC 7250): the extensions of both hellos.
import { type Extension, extension } from "./extensions.ts";
import type { Reader } from "./reader.ts";
import { type CertificateType, certificateTypeIds, type Registered, registered } from "./registry.ts";

/** Whose certificate is spoken of. */
type TypeExtension = "client_certificate_type" | "server_certificate_type";

/** A client's list, in order of preference. */
export function offeredTypes(name: TypeExtension, types: readonly CertificateType[]): Extension {
  return extension(name, (writer) => writer.list(1, types, (_, type) => writer.u8(certificateTypeIds[type])));
}
/** An empty list, which RFC 7250 §3 rules out, is the state's to judge. */
export function readOfferedTypes(body: Reader): Registered[] {
  return body.list(1, "certificate_types", 0, (list) => registered("certificateType", list.u8("certificate_type")));
}

/** A server's choice. */
export function chosenType(name: TypeExtension, type: CertificateType): Extension {
  return extension(name, (writer) => writer.u8(certificateTypeIds[type]));
}
export function readChosenType(body: Reader): number {
  return body.u8("certificate_type");
}
