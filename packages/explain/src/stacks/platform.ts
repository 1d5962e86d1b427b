// Sockets, resolvers and plain servers: what they say when TLS had no chance.
import type { Stack } from "./stack.ts";

export const platform: Stack = {
  id: "platform",
  title: "the platform",
  source: "errno(3), getaddrinfo(3), and the answers of common servers to TLS on a plain port",
  marks: [],
  codes: [],
  signs: [
    { words: ["econnrefused"], cause: "nothing-listens" },
    { words: ["connection refused"], cause: "nothing-listens" },
    { words: ["enotfound"], cause: "unknown-host" },
    { words: ["eai_again"], cause: "unknown-host" },
    { words: ["name or service not known"], cause: "unknown-host" },
    { words: ["could not resolve host"], cause: "unknown-host" },
    { words: ["no such host"], cause: "unknown-host" },
    { words: ["etimedout"], cause: "timeout", strength: "likely" },
    { words: ["connection timed out"], cause: "timeout", strength: "likely" },
    { words: ["econnreset"], cause: "connection-reset", strength: "symptom" },
    { words: ["connection reset by peer"], cause: "connection-reset", strength: "symptom" },
    { words: ["epipe"], cause: "connection-reset", strength: "symptom" },
    { words: ["client sent an http request to an https server"], cause: "plain-http" },
    { words: ["the plain http request was sent to https port"], cause: "plain-http" },
    { words: ["speaking plain http to an ssl-enabled server port"], cause: "plain-http" },
    { words: ["first record does not look like a tls handshake"], cause: "not-a-tls-server" },
  ],
  remedies: {},
};
