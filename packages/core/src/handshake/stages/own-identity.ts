// Pauses in which we show who we are: which certificate, and its key's signature.
import type { AsyncCredentialPicker, AsyncSigner, Credential, CredentialRequest } from "../../config/credential.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import { expectBytes } from "../../connection/expect-bytes.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { SignatureScheme } from "../../wire/registry.ts";
import type { Picked } from "../client/choose-credential.ts";
import type { AnyStage, ClientStage, Turn } from "./stage.ts";

/** Client: the server asks for a certificate; which one, or none? */
export class NeedsCredential implements AnyStage {
  readonly kind = "needs-credential";
  readonly request: CredentialRequest;
  readonly #picker: AsyncCredentialPicker;
  readonly #turn: Turn<ClientStage>;
  readonly #read: (given: unknown) => Picked;
  /** @param read whether a credential is sound, and can sign by what was asked for. */
  constructor(
    turn: Turn<ClientStage>,
    request: CredentialRequest,
    picker: AsyncCredentialPicker,
    read: (given: unknown) => Picked,
  ) {
    this.#turn = turn;
    this.request = request;
    this.#picker = picker;
    this.#read = read;
  }
  /** The very object of the config. */
  get picker(): AsyncCredentialPicker {
    return this.#picker;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** undefined: none is shown. @throws ApiMisuse for what no config would take, or whose signer has none of `request.schemes`. */
  present(credential: Credential | undefined): ClientStage {
    return this.#turn.answer("credential", () => {
      const picked = this.#read(credential);
      if (picked.kind === "picked") return picked.credential;
      throw new ApiMisuse("bad-argument", picked.problem);
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** The private key lives elsewhere: HSM, KMS, WebCrypto. */
export class NeedsSignature<Next> implements AnyStage {
  readonly kind = "needs-signature";
  readonly scheme: SignatureScheme;
  /** Whole, not hashed (§4.5.2; 1.2: RFC 8422 §5.4, and of a client all handshake messages, RFC 5246 §7.4.8). */
  readonly message: Bytes;
  readonly #key: AsyncSigner;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, scheme: SignatureScheme, message: Bytes, key: AsyncSigner) {
    this.#turn = turn;
    this.scheme = scheme;
    this.message = message;
    this.#key = key;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** The very object of the credential. */
  get key(): AsyncSigner {
    return this.#key;
  }
  provide(signature: Uint8Array): Next {
    return this.#turn.answer("signature", () => {
      expectBytes(signature, "signature");
      if (signature.length === 0 || signature.length > 0xffff) throw new ApiMisuse("bad-argument", "a signature of that length");
      return signature;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}
