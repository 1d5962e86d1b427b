// The bodies of extensions, for whoever may send them. What core doesn't read stays a piece of bytes here too.
import { registered } from "@sallyport/core";
import { named, oneOf, text } from "./say.ts";
import { octets, type Walker } from "./walker.ts";

export type Bodies = ReadonlyMap<number, (body: Walker) => void>;

export function extensions(walker: Walker, bodies: Bodies): void {
  walker.list("extensions", 2, 0, (list) => extension(list, bodies));
}

function extension(list: Walker, bodies: Bodies): void {
  const type = ((list.next ?? 0) << 8) | (list.second ?? 0);
  const { name } = registered("extension", type);
  list.group(name ?? named("extension")(type).value, (inside) => {
    const id = inside.number("extension_type", 2, named("extension"));
    if (id === undefined) return;
    const body = bodies.get(id) ?? ((rest: Walker) => void rest.rest("bytes"));
    inside.vector("extension_data", 2, body);
  });
}

const schemes = (body: Walker): void => numbers(body, "supported_signature_algorithms", "signature_scheme", named("scheme"));
const groups = (body: Walker): void => numbers(body, "named_group_list", "named_group", named("group"));
const protocols = (body: Walker): void =>
  body.list("protocol_name_list", 2, 2, (list) => list.opaqueVector("protocol_name", 1, 1, text));
const pointFormats = (body: Walker): void =>
  body.list(
    "ec_point_format_list",
    1,
    1,
    (list) =>
      void list.number(
        "ec_point_format",
        1,
        oneOf([
          [0, "uncompressed"],
          [1, "ansiX962_compressed_prime"],
          [2, "ansiX962_compressed_char2"],
        ]),
      ),
  );
const renegotiation = (body: Walker): void => body.opaqueVector("renegotiated_connection", 1);
const recordSizeLimit = (body: Walker): void => void body.number("record_size_limit", 2, octets);
const certificateTypes = (body: Walker): void =>
  body.list("certificate_types", 1, 0, (list) => void list.number("certificate_type", 1, named("certificateType", 1)));
const certificateType = (body: Walker): void => void body.number("certificate_type", 1, named("certificateType", 1));
const cookie = (body: Walker): void => body.opaqueVector("cookie", 2, 1);
const compressions = (body: Walker): void =>
  body.list(
    "algorithms",
    1,
    2,
    (list) =>
      void list.number(
        "algorithm",
        2,
        oneOf([
          [1, "zlib"],
          [2, "brotli"],
          [3, "zstd"],
        ]),
      ),
  );
export const authorities = (body: Walker, least = 3): void =>
  body.list("authorities", 2, least, (list) => list.opaqueVector("distinguished_name", 2, 1));

function numbers(body: Walker, name: string, item: string, say: ReturnType<typeof named>): void {
  body.list(name, 2, 2, (list) => void list.number(item, 2, say));
}

function keyShare(body: Walker): void {
  body.group("key_share_entry", (entry) => {
    const group = entry.number("group", 2, named("group"));
    if (group !== undefined) entry.opaqueVector("key_exchange", 2, 1);
  });
}

function statusRequest(body: Walker): void {
  const type = body.number("status_type", 1, oneOf([[1, "ocsp"]]));
  if (type !== 1) return void body.rest("request");
  body.list("responder_id_list", 2, 0, (list) => list.opaqueVector("responder_id", 2, 1));
  body.opaqueVector("request_extensions", 2);
}

function serverNames(body: Walker): void {
  body.list("server_name_list", 2, 1, (list) =>
    list.group("server_name", (name) => {
      const type = name.number("name_type", 1, oneOf([[0, "host_name"]]));
      if (type !== undefined) name.opaqueVector("host_name", 2, 1, text);
    }),
  );
}

function offeredPsks(body: Walker): void {
  body.list("identities", 2, 7, (list) =>
    list.group("psk_identity", (identity) => {
      identity.opaqueVector("identity", 2, 1);
      identity.number("obfuscated_ticket_age", 4);
    }),
  );
  body.list("binders", 2, 2, (list) => list.opaqueVector("binder", 1, 1));
}

/** By number (RFC 9846 §4.3, and the RFCs named there). */
const id = {
  serverName: 0,
  statusRequest: 5,
  groups: 10,
  pointFormats: 11,
  schemes: 13,
  alpn: 16,
  timestamps: 18,
  clientType: 19,
  serverType: 20,
  extendedMasterSecret: 23,
  compressCertificate: 27,
  recordSizeLimit: 28,
  preSharedKey: 41,
  earlyData: 42,
  versions: 43,
  cookie: 44,
  pskModes: 45,
  authorities: 47,
  oidFilters: 48,
  postHandshakeAuth: 49,
  certificateSchemes: 50,
  keyShare: 51,
  ticketRequest: 58,
  sessionTicket: 35,
  renegotiation: 65281,
} as const;

const empty = (): void => {};

export const inClientHello: Bodies = new Map<number, (body: Walker) => void>([
  [id.serverName, serverNames],
  [id.statusRequest, statusRequest],
  [id.timestamps, empty],
  [id.groups, groups],
  [id.pointFormats, pointFormats],
  [id.schemes, schemes],
  [id.certificateSchemes, schemes],
  [id.clientType, certificateTypes],
  [id.serverType, certificateTypes],
  [id.alpn, protocols],
  [id.extendedMasterSecret, empty],
  [id.compressCertificate, compressions],
  [id.recordSizeLimit, recordSizeLimit],
  [id.preSharedKey, offeredPsks],
  [id.earlyData, empty],
  [id.versions, (body): void => body.list("versions", 1, 2, (list) => void list.number("version", 2, named("version")))],
  [id.cookie, cookie],
  [
    id.pskModes,
    (body): void =>
      body.list(
        "ke_modes",
        1,
        1,
        (list) =>
          void list.number(
            "psk_key_exchange_mode",
            1,
            oneOf([
              [0, "psk_ke"],
              [1, "psk_dhe_ke"],
            ]),
          ),
      ),
  ],
  [
    id.ticketRequest,
    (body): void => {
      body.number("new_session_count", 1);
      body.number("resumption_count", 1);
    },
  ],
  [id.authorities, (body): void => authorities(body)],
  [id.postHandshakeAuth, empty],
  [id.keyShare, (body): void => body.list("client_shares", 2, 0, keyShare)],
  [id.renegotiation, renegotiation],
]);

const inAnyAnswer: readonly (readonly [number, (body: Walker) => void])[] = [
  [id.serverName, empty],
  [id.alpn, protocols],
  [id.clientType, certificateType],
  [id.serverType, certificateType],
  [id.recordSizeLimit, recordSizeLimit],
];

export const inServerHello: Bodies = new Map<number, (body: Walker) => void>([
  ...inAnyAnswer,
  [id.versions, (body): void => void body.number("selected_version", 2, named("version"))],
  [id.keyShare, keyShare],
  [id.cookie, cookie],
  [id.preSharedKey, (body): void => void body.number("selected_identity", 2)],
  [id.pointFormats, pointFormats],
  [id.statusRequest, empty],
  [id.timestamps, (body): void => body.list("sct_list", 2, 1, (list) => list.opaqueVector("serialized_sct", 2, 1))],
  [id.extendedMasterSecret, empty],
  [id.sessionTicket, empty],
  [id.renegotiation, renegotiation],
]);

export const inHelloRetryRequest: Bodies = new Map<number, (body: Walker) => void>([
  ...inServerHello,
  [id.keyShare, (body): void => void body.number("selected_group", 2, named("group"))],
]);

export const inEncryptedExtensions: Bodies = new Map<number, (body: Walker) => void>([
  ...inAnyAnswer,
  [id.groups, groups],
  [id.earlyData, empty],
  [id.ticketRequest, (body): void => void body.number("expected_count", 1)],
]);

export const inCertificateRequest: Bodies = new Map<number, (body: Walker) => void>([
  [id.schemes, schemes],
  [id.certificateSchemes, schemes],
  [id.authorities, (body): void => authorities(body)],
  [id.compressCertificate, compressions],
  [id.statusRequest, empty],
  [id.timestamps, empty],
  [
    id.oidFilters,
    (body): void =>
      body.list("filters", 2, 0, (list) =>
        list.group("oid_filter", (filter) => {
          filter.opaqueVector("certificate_extension_oid", 1, 1);
          filter.opaqueVector("certificate_extension_values", 2);
        }),
      ),
  ],
]);

export const inNewSessionTicket: Bodies = new Map<number, (body: Walker) => void>([
  [id.earlyData, (body): void => void body.number("max_early_data_size", 4, octets)],
]);

export const inCertificateEntry: Bodies = new Map<number, (body: Walker) => void>();
