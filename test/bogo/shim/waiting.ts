// Under -async everything that may wait does: the same objects, whose answers come a turn of the event loop later.
import type {
  AsyncClientSessionStore,
  AsyncServerSessionStore,
  AsyncSigner,
  AsyncVerifier,
  CryptoProvider,
  Group,
  Signer,
  SyncClientSessionStore,
  SyncServerSessionStore,
  SyncVerifier,
  Verification,
} from "@sallyport/core";

const later = <T>(make: () => T): Promise<T> => new Promise((resolve) => setImmediate(resolve)).then(make);

export const waiting = {
  provider(provider: CryptoProvider): CryptoProvider {
    return { ...provider, groups: provider.groups.map(group), verifications: provider.verifications.map(verification) };
  },
  signer({ schemes, publicKey, ...own }: Signer): AsyncSigner {
    if (!("sign" in own)) return { schemes, publicKey, ...own };
    const { sign } = own;
    return { schemes, publicKey, signAsync: (scheme, message) => later(() => sign(scheme, message)) };
  },
  verifier({ verify, ...asked }: SyncVerifier): AsyncVerifier {
    return { ...asked, verifyAsync: (presented) => later(() => verify(presented)) };
  },
  clientSessions(store: SyncClientSessionStore): AsyncClientSessionStore {
    return { takeAsync: (key) => later(() => store.take(key)), putAsync: (key, session) => later(() => store.put(key, session)) };
  },
  serverSessions(store: SyncServerSessionStore): AsyncServerSessionStore {
    return {
      findAsync: (ids) => later(() => ids.map(store.find)),
      putAsync: (id, session) => later(() => store.put(id, session)),
    };
  },
};

function group(own: Group): Group {
  if (!("start" in own)) return own;
  const { name, shareLength } = own;
  return {
    name,
    shareLength,
    startAsync: () => later(() => own.start()),
    completeAsync: (key, peerShare) => later(() => own.complete(key, peerShare)),
    respondAsync: (peerShare) => later(() => own.respond(peerShare)),
  };
}

function verification(own: Verification): Verification {
  if (!("verify" in own)) return own;
  return { scheme: own.scheme, verifyAsync: (key, message, signature) => later(() => own.verify(key, message, signature)) };
}
