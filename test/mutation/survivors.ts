// Changes of core's checks that no test sees, and why none need to.
export interface Survivor {
  /** The end of its path. */
  readonly file: string;
  /** As it stands there, without its indentation. */
  readonly line: string;
  /** As the command prints them. */
  readonly changes: readonly string[];
  readonly why: string;
}

export const survivors: readonly Survivor[] = [
  {
    file: "connection/connection.ts",
    line: 'case "change-cipher-spec":',
    changes: [
      'case "change-cipher-spec": fail("unexpected-record", { expected: "appl … }, "RFC 5246 §7.1"); → case "change-cipher-spec":',
    ],
    why: "A second lock: behind the handshake the record itself is refused.",
  },
  {
    file: "connection/guard.ts",
    line: 'const thrown = typeof cause === "object" ? cause.cause : undefined;',
    changes: ['typeof cause === "object" → true'],
    why: "For the compiler: a word has no cause.",
  },
  {
    file: "connection/guard.ts",
    line: "link.holder?.forget();",
    changes: ["link.holder?.forget → link.holder.forget"],
    why: "For the compiler: whoever runs a step of a link holds it.",
  },
  {
    file: "connection/guard.ts",
    line: 'if (due === undefined || reason !== undefined) return { kind: "none", due, reason: reason ?? "the peer has ended" };',
    changes: ["due === undefined → false"],
    why: "For the compiler: whatever has no alert has a reason for it.",
  },
  {
    file: "connection/guard.ts",
    line: 'attempt(() => link.trace?.({ kind: "alert", direction: "out", description }));',
    changes: [
      'link.trace?.({ kind: "alert", direction: "out", description }) → link.trace({ kind: "alert", direction: "out", description })',
    ],
    why: "What a trace throws here is nobody's, and so is that there is none.",
  },
  {
    file: "connection/guard.ts",
    line: 'if (error.kind === "alert-received" && error.context.level === "fatal") return "the peer sent a fatal alert";',
    changes: ['error.kind === "alert-received" → true'],
    why: "For the compiler: no other error has a level.",
  },
  {
    file: "connection/guard.ts",
    line: 'if (error.kind === "aborted" && error.context.by === "reset") return "the transport is gone";',
    changes: ['error.kind === "aborted" → true'],
    why: "For the compiler: of no other error is it told by whom.",
  },
  {
    file: "connection/hand-over.ts",
    line: `if (suite === undefined || hash === undefined) throw new ApiMisuse("bad-argument", \`the provider has no \${secrets.suite}\`);`,
    changes: ["suite === undefined → false"],
    why: "For the compiler: without a suite there is no hash of it.",
  },
  {
    file: "connection/write-half.ts",
    line: 'return { kind: "sent", ...link.outgoing.dataInto(data.length > room ? data.subarray(0, room) : data, target) };',
    changes: ["data.length > room → true", "data.length > room → data.length >= room"],
    why: "For speed: a view of all of it is the same.",
  },
  {
    file: "connection/write-half.ts",
    line: 'if (this.#link.outgoing.sealed >= forData && this.#version !== "tls1.2") this.#updateWriteKeys(false);',
    changes: ['this.#version !== "tls1.2" → true'],
    why: "A second lock: in TLS 1.2 #expectKeyFor has thrown before.",
  },
  {
    file: "connection/write-half.ts",
    line: 'if (this.#version !== "tls1.2" || this.#recordsPerKey === undefined) return;',
    changes: ["this.#recordsPerKey === undefined → false"],
    why: "For the compiler: nothing is more than no number.",
  },
  {
    file: "core/src/errors.ts",
    line: 'aborted: ({ by }) => (by === "reset" ? "transport" : typeof by === "object" && by.alert === "internal_error" ? "us" : "caller"),',
    changes: ['typeof by === "object" → true'],
    why: "For the compiler: a word has no alert.",
  },
  {
    file: "handshake/client/tls13/judge-server-hello.ts",
    line: "if (suite === undefined || hash === undefined || hello.cipherSuite >> 8 !== 0x13) {",
    changes: [
      "suite === undefined || hash === undefined → suite === undefined && hash === undefined",
      "suite === undefined → false",
      "hash === undefined → false",
    ],
    why: "For the compiler: the settings have the hash of each of their suites.",
  },
  {
    file: "handshake/client/tls13/judge-server-hello.ts",
    line: "if (group === undefined || started === undefined) {",
    changes: ["group === undefined → false"],
    why: "For the compiler: no share is of a group that the settings have not.",
  },
  {
    file: "handshake/judge-certificate.ts",
    line: "if (scheme === undefined || verification === undefined) {",
    changes: [
      "scheme === undefined || verification === undefined → scheme === undefined && verification === undefined",
      "scheme === undefined → false",
      "verification === undefined → false",
    ],
    why: "For the compiler: the settings have the verification of each scheme that they offer.",
  },
  {
    file: "handshake/proofs.ts",
    line: 'private constructor(from: "client" | "server") {',
    changes: ["{ this.#from = from; } → {}"],
    why: "For the compiler: by a field of its own the class is a type that no other value has.",
  },
  {
    file: "handshake/proofs.ts",
    line: 'get from(): "client" | "server" {',
    changes: ["{ return this.#from; } → {}"],
    why: "For the compiler, which wants the field to be read.",
  },
  {
    file: "handshake/server/judge-client-hello.ts",
    line: "if (known?.has(group) === false) {",
    changes: ["known?.has → known.has"],
    why: "For the compiler: negotiate refuses a hello of TLS 1.3 that names no groups.",
  },
  {
    file: "handshake/server/judge-client-hello.ts",
    line: "if (extensions.at(-1)?.type.id !== extensionIds.pre_shared_key) {",
    changes: ["extensions.at(-1)?.type → extensions.at(-1).type"],
    why: "For the compiler: a hello that offers PSKs has an extension.",
  },
  {
    file: "negotiate/common.ts",
    line: "if (!byTheirOrder || common.length < 2) return common;",
    changes: ["common.length < 2 → false"],
    why: "For speed: one has no order, and the client's list may be long.",
  },
  {
    file: "negotiate/credential.ts",
    line: "const curves = wanted.map(({ scheme }) => schemeMeanings[scheme].curve).filter((curve) => curve !== undefined);",
    changes: [
      "wanted.map(({ scheme }) => schemeMeanings[scheme].curve).filter((curve) => curve !== undefined) → wanted.map(({ scheme }) => schemeMeanings[scheme].curve)",
      "curve !== undefined → true",
    ],
    why: "For the compiler: what fits a suite and has no curve fits, and has been taken.",
  },
  {
    file: "negotiate/credential.ts",
    line: "const offered = hello.groups?.filter(({ id }) => !isGrease(id)) ?? [];",
    changes: ["hello.groups?.filter → hello.groups.filter"],
    why: "For the compiler: a hello that names no groups lacks no curve.",
  },
  {
    file: "negotiate/credential.ts",
    line: "return credentials.flatMap((credential) => signatures.get(credential)?.[version] ?? []);",
    changes: ["signatures.get(credential)?.[version] → signatures.get(credential)[version]"],
    why: "For the compiler: the settings have an entry for each of their credentials.",
  },
  {
    file: "negotiate/name.ts",
    line: 'return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();',
    changes: [
      '(name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase() → (name.endsWith(".") ? name.slice(0, -1) : name).toUpperCase()',
    ],
    why: "Names are ASCII: they are equal in upper case where they are in lower.",
  },
  {
    file: "negotiate/negotiate.ts",
    line: 'if (version === undefined || parameters === undefined) fail("local-fault", { step: "negotiation" });',
    changes: [
      "version === undefined || parameters === undefined → false",
      "version === undefined || parameters === undefined → version === undefined && parameters === undefined",
      "version === undefined → false",
      "parameters === undefined → false",
    ],
    why: "For a fault of ours: what could not be chosen has its reason, and has been refused above.",
  },
  {
    file: "negotiate/negotiate.ts",
    line: "return suite && share && proof && { suite, ...share, ...proof };",
    changes: [
      "suite && share && proof → true",
      "suite && share && proof → suite && share || proof",
      "suite && share → true",
      "suite && share → suite || share",
    ],
    why: "For the compiler: where one is missing there is a reason, and nobody looks at the others.",
  },
  {
    file: "negotiate/negotiate.ts",
    line: "return group && signed && { psk: undefined, group, clientCertificateType, needsRetry: false, ...signed };",
    changes: ["group && signed → true", "group && signed → group || signed"],
    why: "For the compiler: where one is missing there is a reason, and nobody looks at the other.",
  },
  {
    file: "negotiate/negotiate.ts",
    line: 'if (agreed.credential === undefined) throw new TypeError("a handshake by PSK has no certificate");',
    changes: ["agreed.credential === undefined → false"],
    why: "For the compiler: who asks has had no PSK.",
  },
  {
    file: "negotiate/psk.ts",
    line: "if (psks.size === 0 || !offersPsks(hello)) return undefined;",
    changes: ["psks.size === 0 → false"],
    why: "For speed: of no keys none is found.",
  },
  {
    file: "negotiate/version.ts",
    line: "if (newest !== undefined && newest !== version && has(hello.cipherSuites, TLS_FALLBACK_SCSV)) {",
    changes: ["newest !== undefined → true"],
    why: "For the compiler: where a version was found there is a newest.",
  },
  {
    file: "session/memory.ts",
    line: "if (kept.size > capacity && oldest !== undefined) kept.delete(oldest);",
    changes: ["oldest !== undefined → true"],
    why: "For the compiler: what has just got an entry has an oldest one.",
  },
  {
    file: "session/single-use.ts",
    line: "if (Math.abs(nowMs - tidiedMs) >= tidyEveryMs) tidy(nowMs);",
    changes: [
      "Math.abs(nowMs - tidiedMs) >= tidyEveryMs → true",
      "Math.abs(nowMs - tidiedMs) >= tidyEveryMs → Math.abs(nowMs - tidiedMs) > tidyEveryMs",
      "nowMs - tidiedMs → nowMs + tidiedMs",
    ],
    why: "For speed: what need not be known any more is, for a second.",
  },
  {
    file: "session/state.ts",
    line: 'if (leaf === undefined) return fail("malformed-message", { message: "session state", field: "chain", offset: reader.offset });',
    changes: ["leaf === undefined → false"],
    why: "For the compiler: the list has been read as one that is not empty.",
  },
  {
    file: "session/state.ts",
    line: "for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));",
    changes: ["at + 1 < bytes.length → at + 1 <= bytes.length"],
    why: "A text of ours has no odd byte.",
  },
  {
    file: "wire/bytes.ts",
    line: "if (fresh.length > 64) fresh.set(bytes.subarray(from, to));",
    changes: [
      "fresh.length > 64 → true",
      "fresh.length > 64 → false",
      "fresh.length > 64 → fresh.length >= 64",
      "fresh.length > 64 → fresh.length <= 64",
    ],
    why: "For speed: both ways copy the same.",
  },
  {
    file: "wire/bytes.ts",
    line: "for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);",
    changes: ["at < one.length → at <= one.length"],
    why: "Behind the end of both is 0, and where the other is longer they differ already.",
  },
  {
    file: "wire/bytes.ts",
    line: "for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);",
    changes: ["at < text.length → at <= text.length"],
    why: "A Uint8Array takes nothing behind its end.",
  },
  {
    file: "wire/bytes.ts",
    line: "if (needed > this.#store.length) {",
    changes: ["needed > this.#store.length → needed >= this.#store.length"],
    why: "For speed: what is just full would be copied once more.",
  },
  {
    file: "wire/certificate.ts",
    line: "return this.#at < this.#to && this.#bytes[this.#at] === tag;",
    changes: ["this.#at < this.#to → true", "this.#at < this.#to → this.#at <= this.#to"],
    why: "A second lock: a tag behind the end has no length in front of it, and is refused for that.",
  },
  {
    file: "wire/client-hello.ts",
    line: "return (psks?.binders ?? []).reduce((length, binder) => length + 1 + binder.length, 2);",
    changes: ["psks?.binders → psks.binders"],
    why: "For the compiler: only hellos with binders are asked.",
  },
  {
    file: "wire/extensions.ts",
    line: "const read = name === undefined ? undefined : bodies[name];",
    changes: ["name === undefined → false"],
    why: "For the compiler: nothing is under undefined.",
  },
  {
    file: "wire/extensions.ts",
    line: 'return protocol !== undefined && more.length === 0 ? protocol : body.malformed("protocol_name_list", start);',
    changes: ["protocol !== undefined → true"],
    why: "For the compiler: a list of two bytes at least has a name.",
  },
  {
    file: "wire/registry.ts",
    line: "if (name !== undefined) named[registry].set(id, value);",
    changes: ["name !== undefined → false"],
    why: "The first who asks for a name decides whether it is kept, and no change is switched on as early as that.",
  },
  {
    file: "wire/writer.ts",
    line: "get room(): number {",
    changes: ["{ return this.#store.length; } → {}"],
    why: "For speed: it decides whose memory serves again.",
  },
  {
    file: "wire/writer.ts",
    line: "if (needed <= this.#store.length) return;",
    changes: ["needed <= this.#store.length → needed < this.#store.length"],
    why: "For speed: what is just full would be copied once more.",
  },
  {
    file: "wire/writer.ts",
    line: "const larger = new Uint8Array(Math.max(needed, 2 * this.#store.length));",
    changes: ["2 * this.#store.length → 2 / this.#store.length"],
    why: "For speed: memory grows as it is needed, and is copied more often.",
  },
  {
    file: "wire/writer.ts",
    line: "if (writer.room <= mostKept) idle = writer;",
    changes: [
      "writer.room <= mostKept → true",
      "writer.room <= mostKept → false",
      "writer.room <= mostKept → writer.room < mostKept",
      "writer.room <= mostKept → writer.room > mostKept",
    ],
    why: "For speed and memory: it decides whose memory serves again.",
  },
];
