// Java: messages of JSSE's exceptions (17), and the properties of java.security and of the command line.
import type { Stack } from "./stack.ts";

export const java: Stack = {
  id: "java",
  title: "Java",
  source: "the messages of JSSE in JDK 17; conf/security/java.security",
  marks: [
    "javax.net.ssl",
    "java.security",
    "sun.security",
    "sslhandshakeexception",
    "java.net",
    "exception in thread",
    "pkix path",
    "certpathvalidator",
  ],
  codes: [],
  signs: [
    { words: ["unable to find valid certification path to requested target"], cause: "unknown-issuer" },
    { words: ["path does not chain with any of the trust anchors"], cause: "unknown-issuer" },
    { words: ["no subject alternative dns name matching"], cause: "wrong-name" },
    { words: ["no name matching"], cause: "wrong-name" },
    { words: ["no subject alternative names"], cause: "wrong-name" },
    {
      words: ["no appropriate protocol (protocol is disabled or cipher suites are inappropriate)"],
      cause: "no-protocols-enabled",
    },
    { words: ["no cipher suites in common"], cause: "no-common-suite" },
    { words: ["no negotiable cipher suite"], cause: "no-common-suite" },
    { words: ["unsupported or unrecognized ssl message"], cause: "not-a-tls-server" },
    { words: ["plaintext connection?"], cause: "not-a-tls-server" },
    { words: ["remote host terminated the handshake"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["remote host closed connection during handshake"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["is not accepted by client preferences"], cause: "no-common-version" },
    { words: ["is not enabled or supported in server context"], cause: "no-common-version" },
    { words: ["certificateexpiredexception"], cause: "expired" },
    { words: ["certificatenotyetvalidexception"], cause: "not-yet-valid" },
    { words: ["algorithm constraints check failed"], cause: "weak-certificate" },
    { words: ["certificates do not conform to algorithm constraints"], cause: "weak-certificate" },
    { words: ["the trustanchors parameter must be non-empty"], cause: "no-trust-anchors" },
    { words: ["empty client certificate chain"], cause: "certificate-required" },
    { words: ["no available authentication scheme"], cause: "no-common-scheme", strength: "likely" },
    { words: ["no supported signature algorithm"], cause: "no-common-scheme" },
    { words: ["no common named group"], cause: "no-common-group" },
    { words: ["no available application protocol"], cause: "no-common-alpn" },
    { words: ["unrecognized server name indication"], cause: "server-name-unknown" },
    { words: ["extended key usage does not permit"], cause: "wrong-purpose" },
    { words: ["dh serverkeyexchange does not comply to algorithm constraints"], cause: "weak-parameters" },
    { words: ["server certificate type is not allowed"], cause: "no-common-scheme", strength: "likely" },
  ],
  remedies: {
    "unknown-issuer": [
      {
        advice: "import the authority's root into a trust store of the application; at the server configure the whole chain",
        options: ["keytool -importcert -cacerts -file root.pem", "-Djavax.net.ssl.trustStore", "-Djavax.net.debug=ssl:handshake"],
      },
    ],
    "self-signed": [
      {
        advice: "import that certificate into a trust store of the application",
        options: ["keytool -importcert", "-Djavax.net.ssl.trustStore"],
      },
    ],
    "wrong-name": [
      {
        advice: "connect by a name of the certificate",
        options: ['SSLParameters.setEndpointIdentificationAlgorithm("HTTPS")'],
      },
    ],
    "no-common-version": [
      {
        advice: "enable TLS 1.2 and 1.3",
        options: ["-Djdk.tls.client.protocols=TLSv1.3,TLSv1.2", "SSLSocket.setEnabledProtocols"],
      },
    ],
    "no-protocols-enabled": [
      {
        advice: "enable versions and suites that jdk.tls.disabledAlgorithms leaves, rather than shorten that list",
        options: ["-Djdk.tls.client.protocols=TLSv1.3,TLSv1.2", "jdk.tls.disabledAlgorithms (java.security)"],
      },
    ],
    "no-common-suite": [
      {
        advice: "leave the default suites, and give the server an ECDSA or RSA key",
        options: ["SSLSocket.setEnabledCipherSuites", "keytool -genkeypair -keyalg EC"],
      },
    ],
    "no-common-group": [
      {
        advice: "let the list have secp256r1 and x25519",
        options: ["-Djdk.tls.namedGroups=x25519,secp256r1"],
      },
    ],
    "weak-certificate": [
      {
        advice: "have the certificate issued anew rather than allow its algorithm",
        options: ["jdk.certpath.disabledAlgorithms (java.security)"],
      },
    ],
    "certificate-required": [
      {
        advice: "give the client a key store",
        options: ["-Djavax.net.ssl.keyStore", "-Djavax.net.ssl.keyStorePassword"],
      },
    ],
    "no-trust-anchors": [
      {
        advice: "point to a trust store that exists and has certificates",
        options: ["-Djavax.net.ssl.trustStore", "-Djavax.net.ssl.trustStorePassword"],
      },
    ],
    "handshake-refused": [{ advice: "print what is offered", options: ["-Djavax.net.debug=ssl:handshake:verbose"] }],
    "no-common-alpn": [{ advice: "name the protocols on both sides", options: ["SSLParameters.setApplicationProtocols"] }],
    "server-name-missing": [
      {
        advice: "connect by name; SNI goes with it",
        options: ["-Djsse.enableSNIExtension=true", "SSLParameters.setServerNames"],
      },
    ],
  },
};
