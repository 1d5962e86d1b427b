import { expectSignature } from "../../negotiate/negotiate.ts";
import { chosenType } from "../../wire/certificate-types.ts";
import type { ClientHello } from "../../wire/client-hello.ts";
import type { Extension } from "../../wire/extensions.ts";
import type { Settled } from "./states.ts";

/** Of a handshake by certificates. RFC 7250 §4.2: an answer to each list, the client's only where we ask for its certificate. */
export function chosenTypes(
  { clientCertificateTypes, serverCertificateTypes }: ClientHello, { negotiated, authentication }: Settled,
): Extension[] {
  const answers: Extension[] = [];
  if (clientCertificateTypes !== undefined && authentication !== undefined) {
    answers.push(chosenType("client_certificate_type", authentication.type));
  }
  if (serverCertificateTypes !== undefined) {
    answers.push(chosenType("server_certificate_type", expectSignature(negotiated).credential.type));
  }
  return answers;
}
