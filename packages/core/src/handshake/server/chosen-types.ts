import { chosenType } from "../../wire/certificate-types.ts";
import type { ClientHello } from "../../wire/client-hello.ts";
import type { Extension } from "../../wire/extensions.ts";
import type { Settled } from "./states.ts";

/**
 * RFC 7250 §4.2: an answer to each list, the client's only where we ask for its certificate.
 *
 * @param isResumed a handshake that shows no certificate: that of the session was of the type which this hello settles, since
 *   both sides resume under equal configs alone.
 */
export function chosenTypes(
  { clientCertificateTypes, serverCertificateTypes }: ClientHello,
  { negotiated, authentication }: Settled,
  isResumed: boolean,
): Extension[] {
  const answers: Extension[] = [];
  if (clientCertificateTypes !== undefined && authentication !== undefined && !isResumed) {
    answers.push(chosenType("client_certificate_type", authentication.type));
  }
  // A server of PSKs alone has nothing of any type.
  if (serverCertificateTypes !== undefined && negotiated.credential !== undefined) {
    answers.push(chosenType("server_certificate_type", negotiated.credential.type));
  }
  return answers;
}
