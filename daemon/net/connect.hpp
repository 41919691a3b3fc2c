// From a URL to a connected stream: name resolution off the loop, addresses tried in turn with a head
// start, TLS with the name checked. Internal to net/. No deadline of its own: the caller has one for
// everything it does and calls cancel().
#pragma once

#include "base/error.hpp"
#include "net/stream.hpp"
#include "net/url.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace holdfast::net {

class AsioLoop;
class TlsClient;

class Connect {
  public:
    using Done = std::function<void(base::Result<std::unique_ptr<Stream>>)>;

    // `done` hears a stream, or an error with code "dns", "connect" or "tls"; never within start().
    static std::shared_ptr<Connect> start(AsioLoop& loop, const Url& url, std::shared_ptr<TlsClient> tls,
                                          Done done);
    virtual ~Connect() = default;
    virtual void cancel() = 0;             // `done` is not called any more
    virtual const char* phase() const = 0;  // "dns", "connect" or "tls"
};

}  // namespace holdfast::net
