// HTTP on sockets that another server accepts.
import { createServer, type RequestListener, type Server } from "node:http";

/**
 * Gets its sockets by `emit("connection", socket)`, and has no port of its own. To be closed with the server that accepts.
 * @param headerMs within which a request's header must have come, from the first moment of the connection on; all of it in twice that
 */
export function requestsOf(answer: RequestListener, headerMs = 20_000): Server {
  const http = createServer(
    { headersTimeout: headerMs, requestTimeout: 2 * headerMs, connectionsCheckingInterval: headerMs / 4 },
    answer,
  );
  // Node.js looks for requests that take too long from this event on, and without it never.
  http.emit("listening");
  return http;
}
