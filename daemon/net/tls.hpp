// TLS contexts, built once and shared. Server: Mozilla "intermediate" (TLS 1.2 and 1.3, ECDHE with
// AEAD only, X25519/P-256/P-384, no tickets, no renegotiation, ALPN http/1.1). Client: chain and host
// name verified, SNI, TLS 1.2 or newer.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::net {

class TlsServer {
  public:
    // Reads chain and key and checks that they match. Out of date is no error: a box whose clock is wrong must
    // start all the same, and say so.
    static base::Result<std::shared_ptr<TlsServer>> load(const std::string& certificate,
                                                         const std::string& private_key);
    ~TlsServer();
    // Puts the pair that `other` read in force here. Existing connections keep theirs. Thread of the loop that accepts.
    void take_from(const TlsServer& other);
    std::shared_ptr<TlsServer> copy() const;  // for another thread
    bool has_certificate_of(const TlsServer& other) const;
    std::int64_t not_after_utc_s() const;
    std::string_view out_of_date() const;  // "tls_expired" or "tls_not_yet_valid" when it was read; empty: good

    struct Impl;
    struct Loaded;
    Impl& impl() { return *impl_; }  // for net/*.cpp only

  private:
    TlsServer();
    void take(Loaded&& loaded);
    std::unique_ptr<Impl> impl_;
};

class TlsClient {
  public:
    // System trust store, plus `ca_file` when it is not empty.
    static base::Result<std::shared_ptr<TlsClient>> make(const std::string& ca_file);
    ~TlsClient();

    struct Impl;
    Impl& impl() { return *impl_; }

  private:
    TlsClient();
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::net
