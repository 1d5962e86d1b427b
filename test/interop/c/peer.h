/* What both programs share: options, sockets, and what they say.
 *
 *   client --port N --version tls1.2|tls1.3|any --ca F [--groups a,b] [--suites S] [--cert F --key F] [--twice] [--update]
 *     asks for `/` on localhost and prints the answer; with --twice again, by the first meeting's session, and then `resumed`, if it was;
 *     with --update new keys come before the question.
 *   server --version V --cert F --key F [--ca F] [--groups a,b]
 *     prints `listening N`, then answers each connection with a page; with --ca it insists on a client's certificate.
 *
 * A failure is one line: what failed, the library's words, and `received alert N`, if there was one. A client ends with 1 then.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct options {
    int serves, twice, update;
    const char *port, *version, *ca, *cert, *key, *suites;
    char *groups;
};

static const char request[] = "GET / HTTP/1.0\r\n\r\n";
static const char page[] = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nfrom C\n";

static struct options options_of(int count, char **args) {
    struct options options = { .port = "0", .version = "any" };
    if (count < 2) exit(2);
    options.serves = !strcmp(args[1], "server");
    for (int at = 2; at < count; at++) {
        const char *name = args[at];
        if (!strcmp(name, "--twice")) { options.twice = 1; continue; }
        if (!strcmp(name, "--update")) { options.update = 1; continue; }
        if (at + 1 == count) exit(2);
        char *value = args[++at];
        if (!strcmp(name, "--port")) options.port = value;
        else if (!strcmp(name, "--version")) options.version = value;
        else if (!strcmp(name, "--ca")) options.ca = value;
        else if (!strcmp(name, "--cert")) options.cert = value;
        else if (!strcmp(name, "--key")) options.key = value;
        else if (!strcmp(name, "--suites")) options.suites = value;
        else if (!strcmp(name, "--groups")) options.groups = value;
        else exit(2);
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return options;
}

static void must(int holds, const char *what) {
    if (holds) return;
    printf("no %s\n", what);
    exit(2);
}

/* Nobody waits for ever. */
static int patient(int fd) {
    struct timeval limit = { .tv_sec = 15 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(const char *port) {
    struct sockaddr_in address = loopback(port);
    int fd = patient(socket(AF_INET, SOCK_STREAM, 0));
    must(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connection");
    return fd;
}

static int listen_on(const char *port) {
    struct sockaddr_in address = loopback(port);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 64) == 0, "listener");
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("listening %d\n", ntohs(address.sin_port));
    return fd;
}

/* A socket that is closed unread takes its last alert with it. */
static void leave(int fd) {
    char rest[4096];
    shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof rest) > 0) {}
    close(fd);
}
