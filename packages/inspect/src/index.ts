/**
 * A page that opens a TLS handshake to its fields and bytes, and tells why it failed. It is one file of HTML, which needs no server
 * and asks no network for anything.
 *
 * @packageDocumentation
 */

/** Where the page is: a `file:` URL of HTML in UTF-8. In a checkout `node packages/inspect/build.mjs` makes it. */
export const page: URL = new URL("../dist/inspect.html", import.meta.url);
