// Looking at certificates without relying on them: what a server shows, also when its chain or name does
// not hold, and what a file of ours would show to others. For diagnosis only: nothing is ever sent to a
// server that was looked at.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::net {

class AsioLoop;

struct CertificateLook {
    // Empty: chain and name hold. Else "expired", "not_yet_valid", "self_signed", "host_mismatch", "unknown_ca" or
    // "other: ...".
    std::string failure;
    std::int64_t not_after_utc_s = 0;
    std::string issuer;         // organisation or name, as it stands in the certificate: not to be trusted
    std::string sha256;         // of the leaf, hexadecimal
    std::size_t chain_size = 0;  // certificates that came with it, the leaf included
};

using TlsLookDone = std::function<void(base::Result<CertificateLook>)>;

// Connects to the host and port of `url`, whose scheme is secure. Errors: "dns", "connect", "tls" (no certificate was
// shown), "timeout" with the phase as detail, and those of TlsClient::make. Calls `done` exactly once, never before it
// returns. `ca_file` is added to the system's authorities.
void tls_look(AsioLoop& loop, const Url& url, const std::string& ca_file, base::milliseconds timeout, TlsLookDone done);

// The PEM file of a server, its chain and whether it holds for `host` (empty: any) before the system's authorities and
// those of `ca_file`. Blocks on the disk.
base::Result<CertificateLook> look_at_certificate(const std::string& file, const std::string& host, const std::string& ca_file);

}  // namespace holdfast::net
