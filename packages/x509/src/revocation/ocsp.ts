// OCSP responses (RFC 6960 §4.2.1), decoded. Who signed one, and of which certificate it speaks, is judged elsewhere.
import { type AlgorithmIdentifier, algorithmIdentifier } from "../algorithms.ts";
import {
  bitString,
  constructed,
  context,
  type DerElement,
  DerError,
  DerReader,
  enter,
  generalizedTime,
  integer,
  oid,
  smallInteger,
  tags,
} from "../der.ts";
import { type DistinguishedName, distinguishedName } from "../distinguished-name.ts";
import { extensionList } from "../extensions.ts";
import { type RevocationReason, revocationReason } from "./status.ts";

export type OcspResponse =
  /** An error, which nobody signs. */
  { readonly kind: "unsuccessful"; readonly status: string } | BasicResponse;
export interface BasicResponse {
  readonly kind: "basic";
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly responder: { readonly name: DistinguishedName } | { readonly keyHash: Uint8Array };
  readonly answers: readonly OcspAnswer[];
  /** DER, as sent: of whom the issuer lets sign for it. */
  readonly certificates: readonly Uint8Array[];
}
/** Of one certificate. Times are seconds since 1970. */
export interface OcspAnswer {
  readonly id: CertificateId;
  readonly status: "good" | "unknown" | { readonly revokedAt: number; readonly reason: RevocationReason | undefined };
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}
export interface CertificateId {
  readonly hash: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: Uint8Array;
}

/** @throws DerError with the offset */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  const reader = new DerReader(der);
  const outer = reader.sequence("OCSP response");
  reader.end("OCSP response");
  const statusElement = outer.read(tags.enumerated, "responseStatus");
  const code = smallInteger(statusElement, "responseStatus");
  const bytes = outer.optional(constructed(0), "responseBytes");
  outer.end("OCSP response");
  const status = statuses.get(code);
  if (status === undefined) throw new DerError(`responseStatus ${code} is unknown`, statusElement.offset);
  if (code !== 0) return { kind: "unsuccessful", status };
  if (bytes === undefined) throw new DerError("responseBytes is missing", outer.offset);
  return basicResponse(bytes);
}

const statuses: ReadonlyMap<number, string> = new Map([
  [0, "successful"],
  [1, "malformedRequest"],
  [2, "internalError"],
  [3, "tryLater"],
  [5, "sigRequired"],
  [6, "unauthorized"],
]);
const basicType = "1.3.6.1.5.5.7.48.1.1";

function basicResponse(element: DerElement): BasicResponse {
  const wrapper = enter(element);
  const fields = wrapper.sequence("responseBytes");
  wrapper.end("responseBytes");
  const typeElement = fields.read(tags.oid, "responseType");
  const type = oid(typeElement, "responseType");
  if (type !== basicType) throw new DerError(`responseType ${type} is not basic`, typeElement.offset);
  const response = enter(fields.read(tags.octetString, "response"));
  fields.end("responseBytes");
  const basic = response.sequence("BasicOCSPResponse");
  response.end("response");
  const tbsElement = basic.read(tags.sequence, "tbsResponseData");
  const signatureAlgorithm = algorithmIdentifier(basic, "signatureAlgorithm");
  const signature = bitString(basic.read(tags.bitString, "signature"), "signature");
  const certs = basic.optional(constructed(0), "certs");
  basic.end("BasicOCSPResponse");
  return {
    kind: "basic",
    tbs: tbsElement.raw,
    signatureAlgorithm,
    signature,
    certificates: certs === undefined ? [] : sequenceOf(certs),
    ...responseData(tbsElement),
  };
}

function responseData(element: DerElement): Pick<BasicResponse, "responder" | "answers"> {
  const data = enter(element);
  const version = data.optional(constructed(0), "version");
  if (version !== undefined) throw new DerError("version 1 in writing, which is its default, or an unknown one", version.offset);
  const responder = responderId(data.any("responderID"));
  generalizedTime(data, "producedAt");
  const list = data.sequence("responses");
  const answers: OcspAnswer[] = [];
  while (!list.atEnd) answers.push(answer(list));
  noCriticalExtensions(data.optional(constructed(1), "responseExtensions"), "responseExtensions");
  data.end("tbsResponseData");
  return { responder, answers };
}

function responderId(element: DerElement): BasicResponse["responder"] {
  const inner = enter(element);
  switch (element.tag) {
    case constructed(1): {
      const name = distinguishedName(inner.read(tags.sequence, "responderID"), "responderID");
      inner.end("responderID");
      return { name };
    }
    case constructed(2): {
      const keyHash = inner.read(tags.octetString, "responderID").content;
      inner.end("responderID");
      return { keyHash };
    }
    default:
      throw new DerError("responderID is of no known form", element.offset);
  }
}

function answer(list: DerReader): OcspAnswer {
  const inner = list.sequence("response");
  const id = certificateId(inner.sequence("certID"));
  const status = certificateStatus(inner.any("certStatus"));
  const thisUpdate = generalizedTime(inner, "thisUpdate");
  const next = inner.optional(constructed(0), "nextUpdate");
  const nextReader = next && enter(next);
  const nextUpdate = nextReader && generalizedTime(nextReader, "nextUpdate");
  nextReader?.end("nextUpdate");
  noCriticalExtensions(inner.optional(constructed(1), "singleExtensions"), "singleExtensions");
  inner.end("response");
  return { id, status, thisUpdate, nextUpdate };
}

function certificateId(inner: DerReader): CertificateId {
  const algorithm = algorithmIdentifier(inner, "hashAlgorithm");
  const issuerNameHash = inner.read(tags.octetString, "issuerNameHash").content;
  const issuerKeyHash = inner.read(tags.octetString, "issuerKeyHash").content;
  const serial = integer(inner.read(tags.integer, "serialNumber"), "serialNumber");
  inner.end("certID");
  return { hash: algorithm.oid, issuerNameHash, issuerKeyHash, serial };
}

function certificateStatus(element: DerElement): OcspAnswer["status"] {
  switch (element.tag) {
    case context(0):
    case context(2):
      if (element.content.length > 0) throw new DerError("certStatus holds what it should not", element.offset);
      return element.tag === context(0) ? "good" : "unknown";
    case constructed(1): {
      const inner = enter(element);
      const revokedAt = generalizedTime(inner, "revocationTime");
      const wrapped = inner.optional(constructed(0), "revocationReason");
      inner.end("certStatus");
      return { revokedAt, reason: wrapped && reasonIn(enter(wrapped)) };
    }
    default:
      throw new DerError("certStatus is of no known form", element.offset);
  }
}

function reasonIn(reader: DerReader): RevocationReason | undefined {
  const { offset } = reader;
  const reason = revocationReason(smallInteger(reader.read(tags.enumerated, "revocationReason"), "revocationReason"));
  reader.end("revocationReason");
  if (reason === undefined) throw new DerError("revocationReason is none", offset);
  return reason;
}

function noCriticalExtensions(element: DerElement | undefined, what: string): void {
  if (element === undefined) return;
  const reader = enter(element);
  const unknown = extensionList(reader).all.find(({ critical }) => critical);
  reader.end(what);
  if (unknown !== undefined) throw new DerError(`${what} has the unknown critical extension ${unknown.oid}`, element.offset);
}

function sequenceOf(element: DerElement): readonly Uint8Array[] {
  const wrapper = enter(element);
  const list = wrapper.sequence("certs");
  wrapper.end("certs");
  const items: Uint8Array[] = [];
  while (!list.atEnd) items.push(list.read(tags.sequence, "certificate").raw);
  return items;
}
