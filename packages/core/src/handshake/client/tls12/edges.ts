import type { Checked } from "../../table.ts";

/** The client of TLS 1.2 behind ServerHello (RFC 5246 §7.3), with a state for each decision that can wait. */
export const edgesTls12 = {
  expectCertificateTls12: { certificate: ["expectCertificateStatus", "expectServerKeyExchange"] },
  expectCertificateStatus: { certificate_status: ["expectServerKeyExchange"], server_key_exchange: ["checkShareSignature"] },
  expectServerKeyExchange: { server_key_exchange: ["checkShareSignature"] },
  checkShareSignature: { validity: ["judgeTls12"] },
  judgeTls12: { verdict: ["expectServerHelloDone"] },
  expectServerHelloDone: { certificate_request: ["expectServerHelloDoneOnly"], server_hello_done: ["respond"] },
  expectServerHelloDoneOnly: { server_hello_done: ["pickCredentialTls12"] },
  pickCredentialTls12: { credential: ["respond"] },
  respond: { secret: ["expectSessionTicket", "expectChangeCipherSpec", "signTls12"] },
  signTls12: { signature: ["expectSessionTicket", "expectChangeCipherSpec"] },
  expectSessionTicket: { new_session_ticket: ["expectChangeCipherSpec"] },
  expectChangeCipherSpec: { change_cipher_spec: ["expectFinishedTls12"] },
  expectFinishedTls12: { finished: ["connectedTls12"] },
  expectSessionTicketResumed: { new_session_ticket: ["expectChangeCipherSpecResumed"] },
  expectChangeCipherSpecResumed: { change_cipher_spec: ["expectFinishedResumed"] },
  expectFinishedResumed: { finished: ["judgeResumedTls12", "connectedTls12"] },
  judgeResumedTls12: { verdict: ["connectedTls12"] },
} as const;

export type EdgesTls12 = Checked<typeof edgesTls12>;
