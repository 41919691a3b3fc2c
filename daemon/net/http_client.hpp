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
#include <string_view>
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

// The same, with the body handed over as it comes: speech begins to play before its end is made.
class HttpStreamListener {
  public:
    virtual ~HttpStreamListener() = default;
    virtual void on_http_head(const HttpAnswer& head) = 0;  // status and headers; the body is empty
    virtual void on_http_body(std::string_view bytes) = 0;  // body_bytes_max in all
    // Last, once. Without an error the body came to its end; a body without a length or chunks ends with
    // the connection, which cannot be told from one that was cut.
    virtual void on_http_end(const base::Result<void>& result) = 0;
};

class HttpStream {
  public:
    virtual ~HttpStream() = default;
    virtual void cancel() = 0;  // nothing is heard of it any more; idempotent
};

// The listener must outlive the stream or cancel it. Nothing is heard before it returns.
std::shared_ptr<HttpStream> http_stream(AsioLoop& loop, HttpCall call, HttpStreamListener& listener);

}  // namespace holdfast::net
