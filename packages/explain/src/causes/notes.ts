// What a hello shows beside the cause: it did not fail for this today.
import { type ClientHello, registered } from "@sallyport/core";
import type { HelloSeen } from "../evidence.ts";
import type { Note, NoteId } from "../report.ts";
import { codePoint, count, list } from "../words.ts";

export function notesOnHello({ clientHello: hello, wireBytes }: HelloSeen): readonly Note[] {
  return rules.flatMap(({ id, severity, says }) => {
    const what = says(hello, wireBytes);
    return what === undefined ? [] : [{ id, severity, what }];
  });
}

interface Rule {
  readonly id: NoteId;
  readonly severity: Note["severity"];
  /** undefined: nothing to say. */
  says(hello: ClientHello, wireBytes: number): string | undefined;
}

const has = (hello: ClientHello, extension: number): boolean => hello.extensions.some(({ type }) => type.id === extension);
const suitesLike = (hello: ClientHello, pattern: RegExp): boolean =>
  hello.cipherSuites.some(({ name = "" }) => pattern.test(name));
const speaks13 = (hello: ClientHello): boolean => hello.versions.some(({ id }) => id === 0x0304);

const rules: readonly Rule[] = [
  {
    id: "no-server-name",
    severity: "warning",
    says: (hello) =>
      hello.serverName === undefined ? "server_name is missing: hosts that serve many names need it." : undefined,
  },
  {
    id: "obsolete-suites",
    severity: "warning",
    says: (hello) => {
      const kinds = (
        [
          ["RC4", /_RC4_/],
          ["3DES", /_3DES_/],
          ["DES", /_WITH_DES/],
          ["NULL", /_WITH_NULL_/],
          ["export", /_EXPORT/],
          ["anonymous", /_anon_/],
          ["MD5", /_MD5$/],
        ] as const
      )
        .filter(([, pattern]) => suitesLike(hello, pattern))
        .map(([kind]) => kind);
      return kinds.length === 0
        ? undefined
        : `Suites are offered that are broken or nearly so, and should go: ${kinds.join(", ")}.`;
    },
  },
  {
    id: "no-forward-secrecy",
    severity: "warning",
    says: (hello) =>
      !speaks13(hello) && !suitesLike(hello, /^TLS_(ECDHE|DHE)_/)
        ? "No suite has forward secrecy: servers of today take ECDHE alone."
        : undefined,
  },
  {
    id: "no-tls13",
    severity: "information",
    says: (hello) =>
      speaks13(hello)
        ? undefined
        : `TLS 1.3 is not offered, at most ${codePoint(registered("version", Math.max(...hello.versions.map(({ id }) => id).filter((id) => id >> 8 === 3), 0)))}.`,
  },
  {
    id: "old-versions",
    severity: "information",
    says: (hello) => {
      const old = hello.versions.filter(({ id }) => id === 0x0301 || id === 0x0302);
      return old.length === 0 ? undefined : `${list(old.map(codePoint))} is offered, which RFC 8996 forbids.`;
    },
  },
  {
    id: "sha1-signatures",
    severity: "information",
    says: ({ signatureSchemes }) => {
      const modern = signatureSchemes?.some(({ id }) => id >> 8 >= 4) ?? true;
      return modern
        ? undefined
        : "Only signatures by SHA-1 or SHA-224 are accepted: no public authority issues such certificates.";
    },
  },
  {
    id: "no-rsa-pss",
    severity: "information",
    says: (hello) =>
      hello.signatureSchemes !== undefined && !hello.signatureSchemes.some(({ id }) => id >= 0x0804 && id <= 0x0806)
        ? "No signature scheme of RSA-PSS is accepted: TLS 1.3 needs it with RSA certificates."
        : undefined,
  },
  {
    id: "no-extended-master-secret",
    severity: "information",
    says: (hello) =>
      speaks13(hello) || has(hello, 23) ? undefined : "extended_master_secret is missing (RFC 7627): some servers insist on it.",
  },
  {
    id: "no-point-formats",
    severity: "information",
    says: (hello) =>
      !speaks13(hello) && !has(hello, 11) && suitesLike(hello, /^TLS_ECDHE_/)
        ? "ec_point_formats is missing; harmless today, some old peers look for it."
        : undefined,
  },
  {
    id: "no-renegotiation-info",
    severity: "information",
    says: (hello) =>
      speaks13(hello) || has(hello, 0xff01) || hello.cipherSuites.some(({ id }) => id === 0x00ff)
        ? undefined
        : "Secure renegotiation is not offered (RFC 5746): some servers insist on it.",
  },
  {
    id: "big-hello",
    severity: "information",
    says: (_, wireBytes) =>
      wireBytes > 1400
        ? `The hello takes ${count(wireBytes, "byte")}, more than one TCP segment: a middlebox that waits for one alone drops it silently.`
        : undefined,
  },
  {
    id: "compression",
    severity: "warning",
    says: ({ compressionMethods }) =>
      compressionMethods.some((method) => method !== 0) ? "Compression is offered, which gives secrets away (CRIME)." : undefined,
  },
];
