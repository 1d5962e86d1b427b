import type { Checked } from "../../table.ts";

/** The server of TLS 1.2 behind `chooseConfig` (RFC 5246 §7.3), with a state for each decision that can wait. */
export const edgesTls12 = {
  lookUpSessionTls12: { sessions: ["expectChangeCipherSpecResumed", "startShare"] },
  expectChangeCipherSpecResumed: { change_cipher_spec: ["expectFinishedResumed"] },
  expectFinishedResumed: { finished: ["judgeResumedTls12", "connectedTls12"] },
  judgeResumedTls12: { verdict: ["connectedTls12"] },
  startShare: { key_shares: ["signShare"] },
  signShare: { signature: ["expectClientKeyExchange", "expectClientCertificate"] },
  expectClientCertificate: { certificate: ["expectClientKeyExchange"] },
  expectClientKeyExchange: { client_key_exchange: ["completeShare"] },
  completeShare: { secret: ["expectChangeCipherSpec", "expectClientCertificateVerify"] },
  expectClientCertificateVerify: { certificate_verify: ["checkClientSignature"] },
  checkClientSignature: { validity: ["judgeClient"] },
  judgeClient: { verdict: ["expectChangeCipherSpec"] },
  expectChangeCipherSpec: { change_cipher_spec: ["expectFinishedTls12"] },
  expectFinishedTls12: { finished: ["connectedTls12"] },
} as const;

export type EdgesTls12 = Checked<typeof edgesTls12>;
