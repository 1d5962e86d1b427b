import { readPublicKey, schemesOf } from "../crypto/public-key.ts";
import { TlsError } from "../errors.ts";
import { copy, equal } from "../wire/bytes.ts";
import { subjectPublicKeyOf } from "../wire/certificate.ts";
import type { ProtocolVersion, SignatureScheme } from "../wire/registry.ts";
import { suitesGoWithSchemes } from "./check-parameters.ts";
import type { Credential } from "./credential.ts";
import { certificateTypes, listOf, readNames, schemeNames } from "./names.ts";
import { signsIn, suiteMeanings } from "./parameters.ts";
import { isRecord, type Problems } from "./problems.ts";
import { readFlag } from "./read-option.ts";
import type { CommonSettings } from "./settings.ts";

/** Schemes that the signers of these credentials name; reports nothing: `readCredentials` looks closer. */
export function schemesOfSigners(given: readonly Credential[]): readonly SignatureScheme[] {
  const schemes = (listOf(given) ?? []).flatMap((credential) =>
    isRecord(credential?.signer) ? (listOf(credential.signer.schemes) ?? []) : [],
  );
  return schemeNames.filter((scheme) => schemes.includes(scheme));
}

/**
 * Copies of the credentials, frozen, with the very signers; undefined if there is none. Each must serve at least one version of
 * the config, and each version must have at least one.
 *
 * @param ownSchemes what the config lets our keys sign with
 */
export function readCredentials(
  given: readonly Credential[] | undefined,
  ownSchemes: readonly SignatureScheme[],
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): readonly [Credential, ...Credential[]] | undefined {
  const path = "credentials";
  if (given === undefined) {
    problems.add("missing-option", path, "is missing", "give at least one Credential: a server proves who it is");
    return undefined;
  }
  const list = listOf(given);
  if (list === undefined) {
    problems.add("wrong-type", path, "is no list", "give an array of Credentials");
    return undefined;
  }
  if (list.length === 0) problems.add("empty-list", path, "is empty", "give at least one Credential: a server proves who it is");

  const usable = list.map((credential, at) =>
    readCredential(credential, ownSchemes, common.versions, `${path}[${at}]`, problems),
  );
  const [first, ...others] = usable.filter((credential) => credential !== undefined);
  if (first === undefined) return undefined;
  const credentials: readonly [Credential, ...Credential[]] = Object.freeze([first, ...others]);
  // One that is wrong has been told of; that a version lacks it would be the same news again.
  if (credentials.length === list.length) checkVersions(credentials, ownSchemes, common, problems);
  return credentials;
}

/** A client's: each must be usable in some version, and none has to be there. */
export function readOwnCredentials(
  given: readonly Credential[],
  ownSchemes: readonly SignatureScheme[],
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): readonly Credential[] {
  const usable = given.map((credential, at) =>
    readCredential(credential, ownSchemes, common.versions, `credentials[${at}]`, problems),
  );
  return Object.freeze(usable.filter((credential) => credential !== undefined));
}

function checkVersions(
  credentials: readonly Credential[],
  ownSchemes: readonly SignatureScheme[],
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): void {
  // A version without any suite has been told of.
  const hasSuites = common.suites.some(({ name }) => suiteMeanings[name].version === "tls1.2");
  for (const version of common.versions) {
    const schemes = credentials
      .flatMap(({ signer }) => signer.schemes)
      .filter((scheme) => ownSchemes.includes(scheme) && signsIn(version, scheme));
    if (schemes.length === 0) {
      problems.add(
        "no-credential-for-version",
        "credentials",
        `has none that can sign in ${version}`,
        `add one, or leave ${version} out`,
      );
    } else if (version === "tls1.2" && hasSuites && !suitesGoWithSchemes(common.suites, schemes)) {
      problems.add(
        "no-suite-for-credentials",
        "suites",
        `has none for tls1.2 that goes with a key of ${schemes.join(", ")}`,
        "add ECDHE_ECDSA suites for ECDSA and Ed25519 keys, ECDHE_RSA suites for RSA keys",
      );
    }
  }
}

/** undefined if it can't be used; then that is among the problems. */
function readCredential(
  given: Credential,
  ownSchemes: readonly SignatureScheme[],
  versions: readonly ProtocolVersion[],
  path: string,
  problems: Problems,
): Credential | undefined {
  if (!isRecord(given)) {
    problems.add("wrong-type", path, "is no object", "give a Credential");
    return undefined;
  }
  const known = problems.count;
  checkType(given, path, problems);
  checkStaples(given, path, problems);
  const chain = readChain(given.chain, path, problems);
  const names = readStrings(given.names, `${path}.names`, problems);
  const { issuers, publicKey, signer, ocspResponse, signedCertificateTimestamps } = given;
  if (issuers !== undefined && !listOf(issuers)?.every((issuer) => issuer instanceof Uint8Array)) {
    problems.add("wrong-type", `${path}.issuers`, "is no list of Uint8Array", "give distinguished names in DER, or leave it out");
  }
  if (!(publicKey instanceof Uint8Array)) {
    problems.add("wrong-type", `${path}.publicKey`, "is no Uint8Array", "give the leaf's SubjectPublicKeyInfo in DER");
  } else {
    if (chain !== undefined && given.type === "x509") checkLeaf(chain[0], publicKey, path, problems);
    if (chain !== undefined && given.type === "raw-public-key") checkRawPublicKey(given, publicKey, path, problems);
    checkSigner(given, publicKey, ownSchemes, versions, path, problems);
  }
  if (problems.count > known || chain === undefined) return undefined;
  return Object.freeze({
    type: given.type,
    chain,
    publicKey: copy(publicKey),
    names,
    ...(issuers === undefined ? {} : { issuers: Object.freeze(issuers.map(copy)) }),
    ...(given.onlyForItsIssuers === true ? { onlyForItsIssuers: true } : {}),
    ...(ocspResponse === undefined ? {} : { ocspResponse: copy(ocspResponse) }),
    ...(signedCertificateTimestamps && { signedCertificateTimestamps: Object.freeze(signedCertificateTimestamps.map(copy)) }),
    signer,
  });
}

function checkType(given: Credential, path: string, problems: Problems): void {
  if (!certificateTypes.includes(given.type)) {
    problems.add("unknown-name", `${path}.type`, `is ${String(given.type)}`, `write ${certificateTypes.join(" or ")}`);
  }
  const { onlyForItsIssuers, issuers } = given;
  if (readFlag(onlyForItsIssuers, `${path}.onlyForItsIssuers`, problems) && (issuers === undefined || issuers.length === 0)) {
    problems.add("no-issuers", `${path}.onlyForItsIssuers`, "is set, and there are no issuers", "name them, or leave it out");
  }
}

/** RFC 6066 §8, RFC 6962 §3.3: each has a byte at least, and its length has to fit. */
function checkStaples({ ocspResponse, signedCertificateTimestamps }: Credential, path: string, problems: Problems): void {
  const response = ocspResponse ?? new Uint8Array(1);
  if (!(response instanceof Uint8Array)) {
    problems.add("wrong-type", `${path}.ocspResponse`, "is no Uint8Array", "give an OCSP response in DER, or leave it out");
  } else if (response.length === 0 || response.length > longestResponse) {
    const remedy = "give an OCSP response in DER, or leave it out";
    problems.add("bad-staple", `${path}.ocspResponse`, `has ${response.length} bytes`, remedy);
  }
  const timestamps = signedCertificateTimestamps ?? [];
  const here = `${path}.signedCertificateTimestamps`;
  const remedy = "give each as its log gave it, or leave it out";
  const list = listOf(timestamps);
  if (!list?.every((timestamp) => timestamp instanceof Uint8Array)) {
    problems.add("wrong-type", here, "is no list of Uint8Array", remedy);
  } else if (list.some(({ length }) => length === 0)) {
    problems.add("bad-staple", here, "has one without a byte", remedy);
  } else if (response.length + list.reduce((sum, { length }) => sum + length + 2, 0) > roomForStaples) {
    problems.add("bad-staple", here, "has, with the OCSP response, more bytes than go into a certificate's extensions", remedy);
  }
}
/** All extensions of a certificate together: two headers, CertificateStatus's 4 bytes and the list's 2 among them. */
const roomForStaples = 0xffff - 4 - 4 - 4 - 2;
const longestResponse = roomForStaples;

function readChain(
  given: readonly Uint8Array[],
  path: string,
  problems: Problems,
): readonly [Uint8Array, ...Uint8Array[]] | undefined {
  const list = listOf(given);
  const remedy = "give the certificates in DER, the leaf first";
  if (!list?.every((certificate) => certificate instanceof Uint8Array)) {
    problems.add("wrong-type", `${path}.chain`, "is no list of Uint8Array", remedy);
    return undefined;
  }
  const [leaf, ...others] = list.map(copy);
  if (leaf === undefined) {
    problems.add("empty-list", `${path}.chain`, "is empty", remedy);
    return undefined;
  }
  // Each entry has 3 octets of length and 2 of extensions (RFC 9846 §4.5.1); the list's own length has 24 bits. The rest is for
  // staples.
  const octets = list.reduce((sum, certificate) => sum + certificate.length + 5, 0);
  if (octets > 0xffffff - 2 * 0x10000) {
    problems.add("chain-too-long", `${path}.chain`, `has ${octets} bytes`, "leave out what no path needs");
  }
  for (const [at, certificate] of list.entries()) {
    if (certificate.length === 0) problems.add("bad-certificate", `${path}.chain[${at}]`, "has no bytes", remedy);
  }
  return Object.freeze([leaf, ...others]);
}

function readStrings(given: readonly string[], path: string, problems: Problems): readonly string[] {
  const list = listOf(given);
  if (list?.every((name) => typeof name === "string")) return list;
  problems.add("wrong-type", path, "is no list of strings", "give the names that the certificate covers; none: an empty list");
  return [];
}

function checkLeaf(leaf: Uint8Array, publicKey: Uint8Array, path: string, problems: Problems): void {
  if (leaf.length === 0) return;
  try {
    if (equal(subjectPublicKeyOf(leaf), publicKey)) return;
    const remedy = "give the SubjectPublicKeyInfo of the leaf";
    problems.add("certificate-has-other-key", `${path}.publicKey`, "is not the key of chain[0]", remedy);
  } catch (thrown) {
    if (!(thrown instanceof TlsError)) throw thrown;
    problems.add("bad-certificate", `${path}.chain[0]`, thrown.message, "give the certificate in DER, not in PEM");
  }
}

/** Its chain is the key and nothing else, and nothing is stapled to it. */
function checkRawPublicKey(
  { chain, ocspResponse, signedCertificateTimestamps }: Credential,
  publicKey: Uint8Array,
  path: string,
  problems: Problems,
): void {
  const [only, ...more] = chain;
  if (!equal(only, publicKey) || more.length > 0) {
    const remedy = "give [publicKey], as rawPublicKey() does";
    problems.add("certificate-has-other-key", `${path}.chain`, "is not the public key alone", remedy);
  }
  for (const [name, staple] of Object.entries({ ocspResponse, signedCertificateTimestamps })) {
    if (staple === undefined) continue;
    problems.add("bad-staple", `${path}.${name}`, "is for certificates, and this is a raw public key", "leave it out");
  }
}

function checkSigner(
  { signer }: Credential,
  publicKey: Uint8Array,
  ownSchemes: readonly SignatureScheme[],
  versions: readonly ProtocolVersion[],
  credentialPath: string,
  problems: Problems,
): void {
  const path = `${credentialPath}.signer`;
  if (!isRecord(signer) || typeof ("sign" in signer ? signer.sign : signer.signAsync) !== "function") {
    problems.add("wrong-type", path, "has neither sign nor signAsync", "give a Signer");
    return;
  }
  if (!(signer.publicKey instanceof Uint8Array) || !equal(signer.publicKey, publicKey)) {
    const remedy = "give the signer of the certificate's own key";
    problems.add("signer-has-other-key", path, "signs with another key than the certificate's", remedy);
  }
  const schemes = readNames(signer.schemes, `${path}.schemes`, schemeNames, problems);
  const key = readPublicKey(publicKey);
  if (key === undefined) {
    const remedy = "take an ECDSA, Ed25519, ML-DSA or RSA key (2048 to 8192 bits)";
    problems.add("unsupported-key", `${credentialPath}.publicKey`, "is no key that a scheme here signs with", remedy);
    return;
  }
  const fitting = schemesOf(key);
  for (const scheme of schemes) {
    if (fitting.includes(scheme)) continue;
    const remedy = `name only ${fitting.join(", ")}`;
    problems.add("scheme-needs-other-key", `${path}.schemes`, `${scheme} is not made by this key`, remedy);
  }
  const usable = schemes.some((scheme) => ownSchemes.includes(scheme) && versions.some((version) => signsIn(version, scheme)));
  if (!usable && schemes.length > 0 && versions.length > 0) {
    const problem = `none of ${schemes.join(", ")} may sign in ${versions.join(" or ")} here`;
    const remedy = "let the config's schemes and versions allow one, or leave the credential out";
    problems.add("no-usable-scheme", `${path}.schemes`, problem, remedy);
  }
}
