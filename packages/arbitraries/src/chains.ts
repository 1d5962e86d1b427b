// Chains as plain data: right in every way, with one thing wrong, or with many; and what else a peer may send beside them.
import type { Bytes, SyncSigner } from "@sallyport/core";
import fc from "fast-check";
import { type CertificateScript, encodeCertificate } from "./certificate.ts";

export interface ChainScript {
  /** Who is meant. */
  readonly serverName: string;
  /** All that there are, the leaf first. */
  readonly certificates: readonly CertificateScript[];
  /** What the peer sends, and who is trusted: places among `certificates`. */
  readonly sent: readonly number[];
  readonly roots: readonly number[];
}

/** The moment in which a chain is right: 2026-06-01, 12:00 UTC, in milliseconds since 1970. */
export const chainNowMs = 1_780_315_200_000;

/** @param keys as many as `chainKeys`; with fewer some share one. @returns DER */
export function encodeChain(
  { certificates, sent, roots }: ChainScript,
  keys: readonly SyncSigner[],
): { readonly chain: readonly Bytes[]; readonly roots: readonly Bytes[] } {
  const encoded = certificates.map((script) => encodeCertificate(script, keys));
  const all = (places: readonly number[]): Bytes[] => places.map((at) => encoded[at]).filter((der) => der !== undefined);
  return { chain: all(sent), roots: all(roots) };
}
export const chainKeys = 16;

/** Each makes a chain that was right wrong in one way. */
export const chainDefects = [
  "expired",
  "not yet valid",
  "unknown critical extension",
  "signature spoiled",
  "signed by another key",
  "for another purpose",
  "serial number negative",
  "extension twice",
  "cut short",
  "intermediate missing",
  "intermediate no CA",
  "may not sign certificates",
  "path too long",
  "names excluded",
  "names not permitted",
  "issuers in a circle",
  "root not trusted",
  "leaf for another name",
  "leaf without digitalSignature",
  "leaf is a CA",
  "leaf signs itself",
] as const;
export type ChainDefect = (typeof chainDefects)[number];

/** What a peer may send beside its chain, which changes nothing. */
const extras = ["copy of one", "root", "stranger", "namesake", "issued by a stranger", "issued by itself"] as const;

/** A chain, and what is wrong with it. */
export interface DrawnChain {
  readonly script: ChainScript;
  readonly defects: readonly { readonly kind: ChainDefect; readonly at: number }[];
}

/**
 * It shrinks towards a leaf below a root.
 * @param least how many defects; 0 and 0: a chain that is right
 * @param crowd how many copies there may be of what is sent beside
 */
export function chains({
  least = 0,
  most = least,
  crowd = 1,
}: {
  readonly least?: number;
  readonly most?: number;
  readonly crowd?: number;
} = {}): fc.Arbitrary<DrawnChain> {
  const shape = fc.record({
    intermediates: fc.nat({ max: 4 }),
    tells: fc.boolean(),
    constrains: fc.boolean(),
    rolls: fc.boolean(),
    isWild: fc.boolean(),
    more: fc.subarray(["other.example.com", "elsewhere.test", "*.elsewhere.test"]),
    turn: fc.nat({ max: 9 }),
    beside: fc.array(
      fc.record({ what: fc.constantFrom(...extras), at: fc.nat({ max: 9 }), copies: fc.integer({ min: 1, max: crowd }) }),
      { maxLength: 4 },
    ),
  });
  const wrong = fc.record({ kind: fc.constantFrom(...chainDefects), at: fc.nat({ max: 9 }) });
  return fc.tuple(shape, fc.array(wrong, { minLength: least, maxLength: most })).map(([drawn, wanted]) => {
    let draft = rightChain(drawn);
    const defects: DrawnChain["defects"][number][] = [];
    for (const { kind, at } of wanted) {
      const places = placesOf[kind](draft);
      const place = places[at % Math.max(1, places.length)];
      if (place === undefined) continue;
      draft = spoil(draft, kind, place);
      defects.push({ kind, at: place });
    }
    const sent = draft.sent.filter((at) => at !== draft.missing);
    return { script: { ...draft, sent: [0, ...turned(sent, drawn.turn)] }, defects };
  });
}

interface Shape {
  readonly intermediates: number;
  /** Path lengths as they are. */
  readonly tells: boolean;
  readonly constrains: boolean;
  /** The lowest CA has changed its key, and certified the new one by the old. */
  readonly rolls: boolean;
  readonly isWild: boolean;
  readonly more: readonly string[];
  readonly beside: readonly { readonly what: (typeof extras)[number]; readonly at: number; readonly copies: number }[];
}
/** `sent` is what lies behind the leaf; `root` is the last that is on the path. */
interface Draft extends ChainScript {
  readonly root: number;
  readonly missing: number | undefined;
}

function rightChain({ intermediates, tells, constrains, rolls, isWild, more, beside }: Shape): Draft {
  const base = {
    serial: 1,
    notBefore: "260501120000Z",
    notAfter: "260701120000Z",
    ca: true,
    pathLength: undefined,
    usages: [5, 6],
    purposes: [],
    names: [],
    permitted: [],
    excluded: [],
    critical: false,
    twice: false,
    spoiled: false,
    cut: 0,
  } as const satisfies Partial<CertificateScript>;
  const isRolled = rolls && intermediates > 0;
  const root = intermediates + (isRolled ? 2 : 1);
  const called = (at: number): string => (at === root ? "Root" : `CA ${at > 1 && isRolled ? at - 1 : at}`);
  const leaf: CertificateScript = {
    ...base,
    subject: "A server",
    issuer: called(1),
    key: 0,
    signedBy: 1,
    ca: false,
    usages: [0],
    purposes: [serverAuth],
    names: [
      isWild ? "*.example.com" : "www.example.com",
      ...(constrains ? more.filter((each) => each.endsWith(".example.com")) : more),
    ],
  };
  const above = Array.from({ length: root }, (_, index): CertificateScript => {
    const at = index + 1;
    const below = isRolled && at > 1 ? at - 2 : at - 1;
    const isTop = at === root;
    return {
      ...base,
      subject: called(at),
      issuer: called(isTop ? root : at + 1),
      key: at,
      signedBy: isTop ? at : at + 1,
      pathLength: tells ? below : undefined,
      permitted: constrains && !isTop ? ["example.com"] : [],
      excluded: constrains ? ["elsewhere.test"] : [],
    };
  });
  const stranger: CertificateScript = { ...base, subject: "Stranger", issuer: "Stranger", key: 13, signedBy: 13 };
  const elsewhere: CertificateScript = { ...base, subject: "Elsewhere", issuer: "Elsewhere", key: 12, signedBy: 12 };
  const certificates = [leaf, ...above, elsewhere, stranger];
  const sent = Array.from({ length: root - 1 }, (_, index) => index + 1);
  for (const { what, at, copies } of beside) {
    const place = 1 + (at % Math.max(1, root));
    const model = certificates[place] ?? stranger;
    for (let copy = 0; copy < copies; copy++) {
      const other = { ...model, serial: 2 + (copy % 100) };
      if (what === "copy of one" || what === "root") sent.push(what === "root" ? root : place);
      else sent.push(certificates.push(besideOf(what, other, stranger)) - 1);
    }
  }
  return { serverName: "www.example.com", certificates, sent, roots: [root], root, missing: undefined };
}
function besideOf(
  what: Exclude<(typeof extras)[number], "copy of one" | "root">,
  model: CertificateScript,
  stranger: CertificateScript,
): CertificateScript {
  switch (what) {
    case "stranger":
      return stranger;
    // Of that name, and of no key that signed anything here.
    case "namesake":
      return { ...model, key: 14, signedBy: 15 };
    case "issued by a stranger":
      return { ...model, issuer: "Stranger", signedBy: 13 };
    case "issued by itself":
      return { ...model, issuer: model.subject, signedBy: model.key };
  }
}
const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";

const through = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const leafAlone = (): number[] => [0];
const anybody = ({ root }: Draft): number[] => through(0, root);
const belowRoot = ({ root }: Draft): number[] => through(0, root - 1);
const intermediate = ({ root }: Draft): number[] => through(1, root - 1);
const issuers = ({ root }: Draft): number[] => through(1, root);
/** In whom each can be wrong. */
const placesOf: Readonly<Record<ChainDefect, (draft: Draft) => readonly number[]>> = {
  expired: anybody,
  "not yet valid": anybody,
  "unknown critical extension": anybody,
  "signature spoiled": belowRoot,
  "signed by another key": belowRoot,
  "for another purpose": belowRoot,
  "serial number negative": belowRoot,
  "extension twice": belowRoot,
  "cut short": belowRoot,
  "intermediate missing": intermediate,
  "intermediate no CA": intermediate,
  "may not sign certificates": issuers,
  "path too long": (draft) => issuers(draft).filter((at) => countedBelow(draft, at) > 0),
  "names excluded": issuers,
  "names not permitted": issuers,
  "issuers in a circle": (draft) => (draft.root > 2 ? [draft.root - 1] : []),
  "root not trusted": ({ root }) => [root],
  "leaf for another name": leafAlone,
  "leaf without digitalSignature": leafAlone,
  "leaf is a CA": leafAlone,
  "leaf signs itself": leafAlone,
};
/** Self-issued ones don't count (RFC 5280 §4.2.1.9). */
function countedBelow({ certificates }: ChainScript, at: number): number {
  return certificates.slice(1, at).filter(({ subject, issuer }) => subject !== issuer).length;
}

function spoil(draft: Draft, kind: ChainDefect, at: number): Draft {
  const put = (changes: Partial<CertificateScript>): Draft => ({
    ...draft,
    certificates: draft.certificates.map((each, place) => (place === at ? { ...each, ...changes } : each)),
  });
  switch (kind) {
    // By a second, both of them.
    case "expired":
      return put({ notAfter: "260601115959Z" });
    case "not yet valid":
      return put({ notBefore: "260601120001Z" });
    case "unknown critical extension":
      return put({ critical: true });
    case "signature spoiled":
      return put({ spoiled: true });
    case "signed by another key":
      return put({ signedBy: 15 });
    case "for another purpose":
      return put({ purposes: [clientAuth] });
    case "serial number negative":
      return put({ serial: 0x80 });
    case "extension twice":
      return put({ twice: true });
    case "cut short":
      return put({ cut: 3 });
    case "intermediate missing":
      return { ...draft, missing: at };
    case "intermediate no CA":
      return put({ ca: false, pathLength: undefined });
    case "may not sign certificates":
      return put({ usages: [6] });
    case "path too long":
      return put({ pathLength: countedBelow(draft, at) - 1 });
    case "names excluded":
      return put({ excluded: ["example.com"] });
    case "names not permitted":
      return put({ permitted: ["elsewhere.test"], excluded: [] });
    case "issuers in a circle":
      return put({ issuer: draft.certificates[1]?.subject ?? "", signedBy: draft.certificates[1]?.key ?? 15 });
    // But one that has to do with nobody here.
    case "root not trusted":
      return { ...draft, roots: [draft.root + 1] };
    case "leaf for another name":
      return put({ names: ["other.example.com"] });
    case "leaf without digitalSignature":
      return put({ usages: [2] });
    case "leaf is a CA":
      return put({ ca: true, usages: [0, 5] });
    case "leaf signs itself":
      return put({ issuer: draft.certificates[at]?.subject ?? "", signedBy: draft.certificates[at]?.key ?? 15 });
  }
}
function turned(places: readonly number[], by: number): number[] {
  const from = places.length === 0 ? 0 : by % places.length;
  return [...places.slice(from), ...places.slice(0, from)];
}
