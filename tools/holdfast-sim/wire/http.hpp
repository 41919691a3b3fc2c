// As much HTTP/1.1 as the simulator needs: one message at a time, in and out.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "net/url.hpp"
#include "wire/stream.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::sim {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpMessage {
    std::string method;  // of a request
    std::string target;
    int status = 0;  // of a response
    Headers headers;
    std::string body;
    std::string_view header(std::string_view name) const;  // first of that name, or empty
    std::size_t count(std::string_view name) const;
};

// Collects one message. Requests without Content-Length have no body; responses without one and not
// chunked end with the connection.
class HttpReader {
  public:
    enum class Kind { request, response };
    enum class State { need_more, done, bad };

    explicit HttpReader(Kind kind, std::size_t body_max = 1024 * 1024)
        : kind_(kind), body_max_(body_max) {}
    // A head with status 101, or a request that asks for an upgrade, is done at its empty line.
    State feed(std::string_view bytes);
    State end_of_stream();
    HttpMessage& message() { return message_; }
    std::string_view rest() const { return rest_; }  // bytes after the message
    const std::string& problem() const { return problem_; }

  private:
    State fail(std::string problem);
    State read_head(std::string_view head);
    State read_body();
    State read_chunks();

    Kind kind_;
    std::size_t body_max_;
    HttpMessage message_;
    std::string rest_;
    std::string problem_;
    bool head_done_ = false;
    bool chunked_ = false;
    std::optional<std::size_t> length_;
    State state_ = State::need_more;
};

std::string format_request(const std::string& method, const std::string& target,
                           const Headers& headers, std::string_view body);
std::string format_response(int status, const Headers& headers, std::string_view body);
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields);

// Where to connect instead of the URL's own host, as `curl --connect-to`.
struct Route {
    std::string host;  // empty: no override
    std::uint16_t port = 0;
    bool plain = false;  // no TLS although the URL says so: stands behind a terminator
};
Endpoint endpoint_for(const net::Url& url, const Route& route);

struct HttpFetch {
    std::string method = "POST";
    net::Url url;
    Headers headers;
    std::string body;
    std::shared_ptr<Tls> tls;  // used for https
    Route route;
    base::milliseconds timeout{15'000};
    std::size_t body_max = 1024 * 1024;
};

// Calls `done` once, never before it returns. Error codes: "timeout", "connect", "http".
void http_fetch(net::AsioLoop& loop, HttpFetch fetch,
                std::function<void(base::Result<HttpMessage>)> done);

}  // namespace holdfast::sim
