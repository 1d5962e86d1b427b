# As visit.mjs, by Python's ssl.
import socket, ssl, sys

context = ssl.create_default_context(cafile=sys.argv[1])
for port in sys.argv[2:]:
    try:
        context.wrap_socket(socket.create_connection(("localhost", int(port))), server_hostname="localhost").close()
        print(port, "yes")
    except OSError as error:
        print(port, "no", error)
