/* Mbed TLS as a peer: see peer.h. Groups and suites by Mbed TLS' names. */
#include "peer.h"
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#define OF_KEY , mbedtls_ctr_drbg_random, &rng
#else
#define MBEDTLS_PRIVATE(member) member
#define OF_KEY
#endif

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context rng;
static mbedtls_x509_crt roots, own;
static mbedtls_pk_context key;
static mbedtls_ssl_config config;
static mbedtls_ssl_ticket_context tickets;
static mbedtls_ssl_session session;

static int failed(const char *what, int code, const mbedtls_ssl_context *tls) {
    char words[160] = "";
    mbedtls_strerror(code, words, sizeof words);
    printf("%s failed: %s", what, words);
    if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) printf(", received alert %d", tls->MBEDTLS_PRIVATE(in_msg)[1]);
    printf("\n");
    return 1;
}

static void configure(const struct options *options) {
    static mbedtls_ecp_group_id groups[16];
    static int suites[2];
#if MBEDTLS_VERSION_MAJOR >= 3
    psa_crypto_init();
#endif
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&rng);
    mbedtls_x509_crt_init(&roots);
    mbedtls_x509_crt_init(&own);
    mbedtls_pk_init(&key);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_ticket_init(&tickets);
    mbedtls_ssl_session_init(&session);
    must(!mbedtls_ctr_drbg_seed(&rng, mbedtls_entropy_func, &entropy, NULL, 0), "entropy");
    int role = options->serves ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    must(!mbedtls_ssl_config_defaults(&config, role, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &rng);
    if (options->ca) {
        must(!mbedtls_x509_crt_parse_file(&roots, options->ca), "roots");
        mbedtls_ssl_conf_ca_chain(&config, &roots, NULL);
        mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
    if (options->cert) {
        must(!mbedtls_x509_crt_parse_file(&own, options->cert), "certificate");
        must(!mbedtls_pk_parse_keyfile(&key, options->key, NULL OF_KEY), "key");
        must(!mbedtls_ssl_conf_own_cert(&config, &own, &key), "credential");
    }
    if (options->groups) {
        int count = 0;
        for (char *name = strtok(options->groups, ","); name && count < 15; name = strtok(NULL, ",")) {
            const mbedtls_ecp_curve_info *curve = mbedtls_ecp_curve_info_from_name(name);
            must(curve != NULL, name);
            groups[count++] = curve->grp_id;
        }
        mbedtls_ssl_conf_curves(&config, groups);
    }
    if (options->suites) {
        must((suites[0] = mbedtls_ssl_get_ciphersuite_id(options->suites)) != 0, options->suites);
        mbedtls_ssl_conf_ciphersuites(&config, suites);
    }
    if (options->serves) {
        must(!mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &rng, MBEDTLS_CIPHER_AES_256_GCM, 3600), "tickets");
        mbedtls_ssl_conf_session_tickets_cb(&config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets);
    }
}

static int write_all(mbedtls_ssl_context *tls, const char *text) {
    int written = 0, length = strlen(text);
    while (written < length) {
        int more = mbedtls_ssl_write(tls, (const unsigned char *)text + written, length - written);
        if (more < 0) return more;
        written += more;
    }
    return 0;
}

/* One connection's talk. */
static int converse(mbedtls_ssl_context *tls, const struct options *options) {
    unsigned char bytes[4096];
    int code = mbedtls_ssl_handshake(tls);
    if (code) return failed("handshake", code, tls);
    printf("%s %s\n", mbedtls_ssl_get_version(tls), mbedtls_ssl_get_ciphersuite(tls));
    if (options->serves) {
        code = mbedtls_ssl_read(tls, bytes, sizeof bytes);
        if (code < 0) return failed("reading", code, tls);
        code = write_all(tls, page);
        return code ? failed("writing", code, tls) : mbedtls_ssl_close_notify(tls);
    }
    if ((code = write_all(tls, request))) return failed("writing", code, tls);
    while ((code = mbedtls_ssl_read(tls, bytes, sizeof bytes)) > 0) fwrite(bytes, 1, code, stdout);
    if (code != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return failed("reading", code, tls);
    return mbedtls_ssl_close_notify(tls);
}

/* The verify callback is asked for each certificate of a full handshake, and for none of a resumed one. */
static int asked;
static int ask(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    (void)context; (void)certificate; (void)depth; (void)flags;
    asked++;
    return 0;
}

static int meet(int fd, const struct options *options, int again) {
    mbedtls_ssl_context tls;
    mbedtls_net_context socket = { fd };
    mbedtls_ssl_init(&tls);
    must(!mbedtls_ssl_setup(&tls, &config), "connection");
    if (!options->serves) must(!mbedtls_ssl_set_hostname(&tls, "localhost"), "name");
    if (again) must(!mbedtls_ssl_set_session(&tls, &session), "session");
    mbedtls_ssl_set_bio(&tls, &socket, mbedtls_net_send, mbedtls_net_recv, NULL);
    asked = 0;
    int code = converse(&tls, options);
    if (code == 0 && again && asked == 0) printf("resumed\n");
    if (code == 0 && options->twice && !again) must(!mbedtls_ssl_get_session(&tls, &session), "session");
    mbedtls_ssl_free(&tls);
    leave(fd);
    return code;
}

int main(int count, char **args) {
    struct options options = options_of(count, args);
    configure(&options);
    if (options.serves) {
        for (int listener = listen_on(options.port);;) meet(patient(accept(listener, NULL, NULL)), &options, 0);
    }
    mbedtls_ssl_conf_verify(&config, ask, NULL);
    int code = meet(connect_to(options.port), &options, 0);
    if (code == 0 && options.twice) code = meet(connect_to(options.port), &options, 1);
    return code;
}
