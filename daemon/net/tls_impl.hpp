// What the sockets of this room need of a TLS context: a fresh SSL object for one connection.
#pragma once

#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace holdfast::net {

struct FreeSslCtx {
    void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, FreeSslCtx>;
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

struct TlsServer::Loaded {
    SslCtxPtr ctx;
    std::int64_t not_after_utc_s = 0;
    const char* out_of_date = "";
};

struct TlsServer::Impl {
    SslCtxPtr ctx;
    std::int64_t not_after_utc_s = 0;
    const char* out_of_date = "";

    SslPtr make_ssl() const { return SslPtr(SSL_new(ctx.get())); }  // null: out of memory
};

struct TlsClient::Impl {
    SslCtxPtr ctx;

    // Chain and name will be verified against `host`, which may be an address. Null: out of memory.
    SslPtr make_ssl(const std::string& host) const;
};

// A result of verification (X509_V_...) in a word: "" when it is good, else as tls_failure_reason().
std::string verify_reason(long result);
// ASN1_TIME in seconds of UTC; 0: not readable.
std::int64_t to_utc_s(const ASN1_TIME* time);

// Why a handshake failed: "expired", "not_yet_valid", "self_signed", "host_mismatch", "unknown_ca", or "other: ...".
std::string tls_failure_reason(const SSL* ssl, const std::string& otherwise);

}  // namespace holdfast::net
