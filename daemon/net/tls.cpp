#include "net/tls.hpp"

#include "net/tls_impl.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <cstring>
#include <ctime>
#include <utility>

namespace holdfast::net {

namespace {

// Mozilla "intermediate" without DHE: nothing that calls us lacks elliptic curves.
constexpr const char* k_tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* k_tls13_ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* k_groups = "X25519:P-256:P-384";
constexpr unsigned char k_alpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string openssl_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return "unknown";
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    return text;
}

base::Error fatal(const char* code, const std::string& detail) {
    return base::make_error(base::Condition::fatal, code, detail);
}

SslCtxPtr make_ctx(const SSL_METHOD* method) {
    SslCtxPtr ctx(SSL_CTX_new(method));
    if (!ctx) return nullptr;
    const bool set = SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(ctx.get(), k_tls12_ciphers) == 1 &&
                     SSL_CTX_set_ciphersuites(ctx.get(), k_tls13_ciphers) == 1 &&
                     SSL_CTX_set1_groups_list(ctx.get(), k_groups) == 1;
    if (!set) return nullptr;
    SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_NO_TICKET | SSL_OP_SINGLE_ECDH_USE);
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
    return ctx;
}

// A client that speaks ALPN but not http/1.1 is told so; one without ALPN is welcome (Twilio).
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* in,
                unsigned int in_bytes, void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_bytes, k_alpn, sizeof k_alpn, in, in_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

base::Result<TlsServer::Loaded> load_pair(const std::string& certificate, const std::string& private_key) {
    ERR_clear_error();
    TlsServer::Loaded loaded;
    loaded.ctx = make_ctx(TLS_server_method());
    if (!loaded.ctx) return fatal("tls_context", openssl_error());
    SSL_CTX* const ctx = loaded.ctx.get();
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_alpn_select_cb(ctx, select_alpn, nullptr);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate.c_str()) != 1) {
        return fatal("tls_certificate", certificate + ": " + openssl_error());
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fatal("tls_private_key", private_key + ": " + openssl_error());
    }
    if (SSL_CTX_check_private_key(ctx) != 1) {
        return fatal("tls_key_mismatch", "the private key does not belong to the certificate");
    }
    const X509* leaf = SSL_CTX_get0_certificate(ctx);
    if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0) loaded.out_of_date = "tls_not_yet_valid";
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) loaded.out_of_date = "tls_expired";
    loaded.not_after_utc_s = to_utc_s(X509_get0_notAfter(leaf));
    return loaded;
}

}  // namespace

TlsServer::TlsServer() : impl_(std::make_unique<Impl>()) {}
TlsServer::~TlsServer() = default;

base::Result<std::shared_ptr<TlsServer>> TlsServer::load(const std::string& certificate,
                                                         const std::string& private_key) {
    std::shared_ptr<TlsServer> server(new TlsServer);
    auto loaded = load_pair(certificate, private_key);
    if (!loaded) return loaded.error();
    server->take(std::move(*loaded));
    return server;
}

void TlsServer::take(Loaded&& loaded) {
    impl_->ctx = std::move(loaded.ctx);  // connections hold their own reference to the old one
    impl_->not_after_utc_s = loaded.not_after_utc_s;
    impl_->out_of_date = loaded.out_of_date;
}

void TlsServer::take_from(const TlsServer& other) {
    SSL_CTX* const ctx = other.impl_->ctx.get();
    SSL_CTX_up_ref(ctx);
    take(Loaded{SslCtxPtr(ctx), other.impl_->not_after_utc_s, other.impl_->out_of_date});
}

std::shared_ptr<TlsServer> TlsServer::copy() const {
    std::shared_ptr<TlsServer> server(new TlsServer);
    server->take_from(*this);
    return server;
}

bool TlsServer::has_certificate_of(const TlsServer& other) const {
    return X509_cmp(SSL_CTX_get0_certificate(impl_->ctx.get()), SSL_CTX_get0_certificate(other.impl_->ctx.get())) == 0;
}

std::string_view TlsServer::out_of_date() const { return impl_->out_of_date; }
std::int64_t TlsServer::not_after_utc_s() const { return impl_->not_after_utc_s; }

TlsClient::TlsClient() : impl_(std::make_unique<Impl>()) {}
TlsClient::~TlsClient() = default;

base::Result<std::shared_ptr<TlsClient>> TlsClient::make(const std::string& ca_file) {
    ERR_clear_error();
    std::shared_ptr<TlsClient> client(new TlsClient);
    client->impl_->ctx = make_ctx(TLS_client_method());
    SSL_CTX* const ctx = client->impl_->ctx.get();
    if (ctx == nullptr || SSL_CTX_set_default_verify_paths(ctx) != 1 ||
        SSL_CTX_set_alpn_protos(ctx, k_alpn, sizeof k_alpn) != 0) {
        return fatal("tls_context", openssl_error());
    }
    if (!ca_file.empty() && SSL_CTX_load_verify_file(ctx, ca_file.c_str()) != 1) {
        return fatal("tls_ca_file", ca_file + ": " + openssl_error());
    }
    ERR_clear_error();
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    return client;
}

SslPtr TlsClient::Impl::make_ssl(const std::string& host) const {
    SslPtr ssl(SSL_new(ctx.get()));
    if (!ssl) return nullptr;
    in6_addr address{};
    const bool literal = inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                         inet_pton(AF_INET6, host.c_str(), &address) == 1;
    if (literal) {
        if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) != 1) return nullptr;
        return ssl;
    }
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl.get(), host.c_str()) != 1) return nullptr;
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    return ssl;
}

std::int64_t to_utc_s(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(timegm(&parts)) : 0;
}

std::string verify_reason(long result) {
    switch (result) {
        case X509_V_OK: return {};
        case X509_V_ERR_CERT_HAS_EXPIRED: return "expired";
        case X509_V_ERR_CERT_NOT_YET_VALID: return "not_yet_valid";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "self_signed";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return "host_mismatch";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return "unknown_ca";
        default: return std::string("other: ") + X509_verify_cert_error_string(result);
    }
}

std::string tls_failure_reason(const SSL* ssl, const std::string& otherwise) {
    const auto reason = verify_reason(SSL_get_verify_result(ssl));
    return reason.empty() ? "other: " + otherwise : reason;
}

}  // namespace holdfast::net
