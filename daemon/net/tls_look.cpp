#include "net/tls_look.hpp"

#include "base/timer.hpp"
#include "net/asio_loop.hpp"
#include "net/connect.hpp"
#include "net/tls.hpp"
#include "net/tls_impl.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace holdfast::net {
namespace {

struct FreeStore {
    void operator()(X509_STORE_CTX* ctx) const { X509_STORE_CTX_free(ctx); }
};

std::string entry_of(const X509_NAME* name, int nid) {
    const int at = X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(name), nid, -1);
    if (at < 0) return {};
    const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, data);
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return out;
}

CertificateLook facts_of(const X509* leaf, std::size_t chain_size, long verified) {
    CertificateLook look;
    look.failure = verify_reason(verified);
    look.not_after_utc_s = to_utc_s(X509_get0_notAfter(leaf));
    const X509_NAME* issuer = X509_get_issuer_name(leaf);
    look.issuer = entry_of(issuer, NID_organizationName);
    if (look.issuer.empty()) look.issuer = entry_of(issuer, NID_commonName);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int bytes = 0;
    if (X509_digest(leaf, EVP_sha256(), digest.data(), &bytes) == 1) {
        constexpr const char* k_digits = "0123456789abcdef";
        for (unsigned int i = 0; i < bytes; ++i) {
            look.sha256 += k_digits[digest.at(i) >> 4];
            look.sha256 += k_digits[digest.at(i) & 15];
        }
    }
    look.chain_size = chain_size;
    return look;
}

// One look; holds itself until it has told.
class Looking : public std::enable_shared_from_this<Looking> {
  public:
    Looking(AsioLoop& loop, TlsLookDone done) : loop_(loop), done_(std::move(done)), timer_(loop) {}

    void begin(const Url& url, const std::string& ca_file, base::milliseconds timeout) {
        const auto self = shared_from_this();
        auto tls = TlsClient::make(ca_file);
        if (!tls) {
            loop_.post([self, error = tls.error()] { self->finish(error); });
            return;
        }
        // The result of the verification is still noted down; the handshake goes on to its end.
        SSL_CTX_set_verify((*tls)->impl().ctx.get(), SSL_VERIFY_NONE, nullptr);
        timer_.arm(timeout, [weak = weak_from_this()] {
            if (const auto me = weak.lock()) me->out_of_time();
        });
        connect_ = Connect::start(loop_, url, *tls, [self](auto stream) { self->connected(std::move(stream)); });
    }

  private:
    void out_of_time() {
        const auto connect = connect_.lock();
        const char* const phase = connect ? connect->phase() : "tls";
        if (connect) connect->cancel();
        finish(base::make_error(base::Condition::retry, "timeout", phase));
    }

    void connected(base::Result<std::unique_ptr<Stream>> stream) {
        if (!stream) return finish(stream.error());
        const SSL* ssl = (*stream)->ssl();
        const X509* leaf = ssl != nullptr ? SSL_get0_peer_certificate(ssl) : nullptr;
        if (leaf == nullptr) {
            (*stream)->close();
            return finish(base::make_error(base::Condition::retry, "tls", "other: no certificate was shown"));
        }
        const int chain = sk_X509_num(SSL_get_peer_cert_chain(ssl));
        const auto look = facts_of(leaf, chain > 0 ? static_cast<std::size_t>(chain) : 1, SSL_get_verify_result(ssl));
        (*stream)->close();
        finish(look);
    }

    void finish(base::Result<CertificateLook> result) {
        timer_.cancel();
        if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
    }

    AsioLoop& loop_;
    TlsLookDone done_;
    base::Timer timer_;
    std::weak_ptr<Connect> connect_;
};

}  // namespace

void tls_look(AsioLoop& loop, const Url& url, const std::string& ca_file, base::milliseconds timeout, TlsLookDone done) {
    std::make_shared<Looking>(loop, std::move(done))->begin(url, ca_file, timeout);
}

base::Result<CertificateLook> look_at_certificate(const std::string& file, const std::string& host, const std::string& ca_file) {
    auto tls = TlsClient::make(ca_file);
    if (!tls) return tls.error();
    const SslCtxPtr ctx(SSL_CTX_new(TLS_server_method()));
    const bool read = ctx && SSL_CTX_use_certificate_chain_file(ctx.get(), file.c_str()) == 1;
    ERR_clear_error();
    X509* const leaf = read ? SSL_CTX_get0_certificate(ctx.get()) : nullptr;
    if (leaf == nullptr) return base::make_error(base::Condition::fatal, "tls_certificate", file + " has no certificate that can be read");
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(ctx.get(), &chain);

    const std::unique_ptr<X509_STORE_CTX, FreeStore> verify(X509_STORE_CTX_new());
    X509_STORE* const store = SSL_CTX_get_cert_store((*tls)->impl().ctx.get());
    if (!verify || X509_STORE_CTX_init(verify.get(), store, leaf, chain) != 1) {
        return base::make_error(base::Condition::fatal, "tls_context", "no memory");
    }
    X509_STORE_CTX_set_default(verify.get(), "ssl_server");
    if (!host.empty()) {
        // The rules of TlsClient: names, or an address.
        X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(verify.get());
        if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) {
            X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0);
        }
    }
    const int good = X509_verify_cert(verify.get());
    ERR_clear_error();
    const long result = good == 1 ? X509_V_OK : X509_STORE_CTX_get_error(verify.get());
    const int others = chain != nullptr ? sk_X509_num(chain) : 0;
    return facts_of(leaf, static_cast<std::size_t>(others > 0 ? others : 0) + 1, result);
}

}  // namespace holdfast::net
