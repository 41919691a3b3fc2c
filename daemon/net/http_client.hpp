// One HTTP/1.1 request with a deadline and a size cap. No redirects, no proxy, no connection reuse
// unless HttpClient is kept (keep-alive to one host). Loop thread.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::net {

class AsioLoop;
class TlsClient;

struct HttpCall {
    std::string method = "GET";
    Url url;  // http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::shared_ptr<TlsClient> tls;
    base::milliseconds timeout{5000};  // total
    std::size_t body_bytes_max = 8 * 1024 * 1024;
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

using HttpDone = std::function<void(base::Result<HttpAnswer>)>;

// Calls `done` exactly once, never before it returns.
void http_call(AsioLoop& loop, HttpCall call, HttpDone done);

}  // namespace holdfast::net
