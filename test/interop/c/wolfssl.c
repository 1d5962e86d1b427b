/* wolfSSL as a peer: see peer.h. Groups by IANA's names, suites by wolfSSL's.
 * With WITHOUT_SUPPORTED_GROUPS, and linked with `--wrap` for the two functions below, it is the wolfSSL of a build without
 * HAVE_SUPPORTED_CURVES: its hellos name no group, and curve P-256 is what it expects. */
#include "peer.h"
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static WOLFSSL_CTX *context;
static WOLFSSL_SESSION *session;

#ifdef WITHOUT_SUPPORTED_GROUPS
int __real_TLSX_WriteRequest(WOLFSSL *tls, byte *output, byte type, word16 *offset);

/* Extensions behind their own length: takes supported_groups (10) out, gives the new length of all. */
static word16 without_groups(byte *extensions) {
    word16 end = 2 + (extensions[0] << 8 | extensions[1]), kept = 2;
    for (word16 at = 2; at < end;) {
        word16 length = 4 + (extensions[at + 2] << 8 | extensions[at + 3]);
        if (extensions[at] != 0 || extensions[at + 1] != 10) {
            memmove(extensions + kept, extensions + at, length);
            kept += length;
        }
        at += length;
    }
    extensions[0] = (kept - 2) >> 8;
    extensions[1] = (kept - 2) & 0xff;
    return kept;
}
int __wrap_TLSX_GetRequestSize(WOLFSSL *tls, byte type, word16 *length) {
    byte scratch[16384];
    word16 written = 0;
    int code = __real_TLSX_WriteRequest(tls, scratch, type, &written);
    *length += without_groups(scratch);
    return code;
}
int __wrap_TLSX_WriteRequest(WOLFSSL *tls, byte *output, byte type, word16 *offset) {
    byte scratch[16384];
    word16 written = 0;
    int code = __real_TLSX_WriteRequest(tls, scratch, type, &written);
    word16 length = without_groups(scratch);
    memcpy(output, scratch, length);
    *offset += length;
    return code;
}
#endif

static int failed(const char *what, WOLFSSL *tls, int code) {
    char words[WOLFSSL_MAX_ERROR_SZ];
    WOLFSSL_ALERT_HISTORY alerts;
    memset(&alerts, 0xff, sizeof alerts);
    wolfSSL_get_alert_history(tls, &alerts);
    printf("%s failed: %s", what, wolfSSL_ERR_error_string(wolfSSL_get_error(tls, code), words));
    if (alerts.last_rx.code > 0) printf(", received alert %d", alerts.last_rx.code);
    printf("\n");
    return 1;
}

static int group_of(const char *name) {
    static const struct { const char *name; int id; } groups[] = {
        { "secp256r1", WOLFSSL_ECC_SECP256R1 }, { "secp384r1", WOLFSSL_ECC_SECP384R1 }, { "secp521r1", WOLFSSL_ECC_SECP521R1 },
        { "x25519", WOLFSSL_ECC_X25519 },
    };
    for (size_t at = 0; at < sizeof groups / sizeof *groups; at++)
        if (!strcmp(groups[at].name, name)) return groups[at].id;
    must(0, name);
    return 0;
}

static WOLFSSL_METHOD *method_of(const struct options *options) {
    if (!strcmp(options->version, "tls1.3")) return options->serves ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
    if (!strcmp(options->version, "tls1.2")) return options->serves ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
    return options->serves ? wolfSSLv23_server_method() : wolfSSLv23_client_method();
}

static void configure(const struct options *options) {
    wolfSSL_Init();
    must((context = wolfSSL_CTX_new(method_of(options))) != NULL, "context");
    /* Without this nothing is verified. */
    int mode = options->ca ? WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT : WOLFSSL_VERIFY_NONE;
    wolfSSL_CTX_set_verify(context, mode, NULL);
    if (options->ca) must(wolfSSL_CTX_load_verify_locations(context, options->ca, NULL) == WOLFSSL_SUCCESS, "roots");
    if (options->cert) {
        must(wolfSSL_CTX_use_certificate_chain_file(context, options->cert) == WOLFSSL_SUCCESS, "certificate");
        must(wolfSSL_CTX_use_PrivateKey_file(context, options->key, WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS, "key");
    }
    if (options->suites) must(wolfSSL_CTX_set_cipher_list(context, options->suites) == WOLFSSL_SUCCESS, options->suites);
    if (options->serves) {
        /* A session that was made with a client's certificate is taken up in this context alone. */
        wolfSSL_CTX_set_session_id_context(context, (const unsigned char *)"peer", 4);
    }
    if (options->groups) {
        int groups[8], count = 0;
        for (char *name = strtok(options->groups, ","); name && count < 8; name = strtok(NULL, ",")) {
            groups[count] = group_of(name);
            must(wolfSSL_CTX_UseSupportedCurve(context, groups[count++]) == WOLFSSL_SUCCESS, name);
        }
        must(wolfSSL_CTX_set_groups(context, groups, count) == WOLFSSL_SUCCESS || !strcmp(options->version, "tls1.2"), "order of groups");
    }
}

/* One connection's talk. */
static int converse(WOLFSSL *tls, const struct options *options) {
    char bytes[4096];
    int code = options->serves ? wolfSSL_accept(tls) : wolfSSL_connect(tls);
    if (code != WOLFSSL_SUCCESS) return failed("handshake", tls, code);
    printf("%s %s\n", wolfSSL_get_version(tls), wolfSSL_get_cipher_name(tls));
    if (options->update && (code = wolfSSL_update_keys(tls)) != WOLFSSL_SUCCESS) return failed("update", tls, code);
    if (options->serves) {
        code = wolfSSL_read(tls, bytes, sizeof bytes);
        if (code <= 0) return failed("reading", tls, code);
        code = wolfSSL_write(tls, page, sizeof page - 1);
        if (code <= 0) return failed("writing", tls, code);
    } else {
        code = wolfSSL_write(tls, request, sizeof request - 1);
        if (code <= 0) return failed("writing", tls, code);
        while ((code = wolfSSL_read(tls, bytes, sizeof bytes)) > 0) fwrite(bytes, 1, code, stdout);
        if (wolfSSL_get_error(tls, code) != WOLFSSL_ERROR_ZERO_RETURN) return failed("reading", tls, code);
    }
    wolfSSL_shutdown(tls);
    return 0;
}

static int meet(int fd, const struct options *options, int again) {
    WOLFSSL *tls = wolfSSL_new(context);
    wolfSSL_set_fd(tls, fd);
    if (!options->serves) {
        wolfSSL_UseSNI(tls, WOLFSSL_SNI_HOST_NAME, "localhost", strlen("localhost"));
        wolfSSL_check_domain_name(tls, "localhost");
        wolfSSL_UseSessionTicket(tls);
    }
    if (again) must(wolfSSL_set_session(tls, session) == WOLFSSL_SUCCESS, "session");
    int code = converse(tls, options);
    if (code == 0 && again && wolfSSL_session_reused(tls)) printf("resumed\n");
    if (code == 0 && options->twice && !again) must((session = wolfSSL_get1_session(tls)) != NULL, "session");
    wolfSSL_free(tls);
    leave(fd);
    return code;
}

int main(int count, char **args) {
    struct options options = options_of(count, args);
    configure(&options);
    if (options.serves) {
        for (int listener = listen_on(options.port);;) meet(patient(accept(listener, NULL, NULL)), &options, 0);
    }
    int code = meet(connect_to(options.port), &options, 0);
    if (code == 0 && options.twice) code = meet(connect_to(options.port), &options, 1);
    return code;
}
