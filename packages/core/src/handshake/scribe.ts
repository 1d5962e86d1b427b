import { type PublicKey, readPublicKey } from "../crypto/public-key.ts";
import { type Bytes, empty } from "../wire/bytes.ts";
import { encodeCertificateRequest } from "../wire/certificate-message.ts";
import { type ClientHelloFields, encodeClientHello } from "../wire/client-hello.ts";
import { encodeEncryptedExtensions } from "../wire/encrypted-extensions.ts";
import type { Extension } from "../wire/extensions.ts";
import { encodeServerHello, type ServerHelloFields } from "../wire/server-hello.ts";

/** What a recorded handshake decides otherwise, so that a machine can repeat it: tests of recordings have another one. */
export interface Scribe {
  // Bytes whose content is a matter of taste: extensions, their order, randoms.
  clientHello(fields: ClientHelloFields): Bytes;
  serverHello(fields: ServerHelloFields): Bytes;
  helloRetryRequest(fields: ServerHelloFields): Bytes;
  encryptedExtensions(extensions: readonly Extension[]): Bytes;
  certificateRequest(extensions: readonly Extension[]): Bytes;
  /** @param own for reading */
  certificate(own: Bytes): Bytes;
  /**
   * undefined: nobody resumes. Else it is given the resumption secret (RFC 9846 §7.1), for as long as it runs; at a server it
   * gives the NewSessionTicket messages behind the client's Finished.
   */
  readonly tickets: ((resumptionSecret: Bytes) => readonly Bytes[]) | undefined;
  /** The peer's key; undefined: none that we take. */
  publicKey(subjectPublicKeyInfo: Uint8Array): PublicKey | undefined;
  /** Whether a flight begins a new record where it could pause. */
  readonly pausesBeginRecords: boolean;
}

export const scribe: Scribe = {
  clientHello: encodeClientHello,
  serverHello: encodeServerHello,
  helloRetryRequest: encodeServerHello,
  encryptedExtensions: encodeEncryptedExtensions,
  certificateRequest: (extensions) => encodeCertificateRequest(empty, extensions),
  certificate: (own) => own,
  tickets: undefined,
  publicKey: readPublicKey,
  pausesBeginRecords: true,
};
