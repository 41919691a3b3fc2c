// HTTP/1.1 heads and bodies, read strictly. Internal to net/. Beast parses; what Beast would let
// pass and we would not (two lengths, chunked bodies, folded lines, bare line ends) is refused here,
// before any route sees the request (T06).
#pragma once

#include "net/http_client.hpp"
#include "net/http_server.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::net {

enum class ReadStep { more, done, refused };

class RequestReader {
  public:
    explicit RequestReader(const HttpLimits& limits) : limits_(limits) {}

    // Takes bytes until `done` or `refused`; what follows a complete request goes to leftover().
    ReadStep put(std::string_view bytes);
    void reset();  // ready for the next request

    bool started() const { return !head_.empty(); }
    bool in_body() const { return in_body_; }

    // After `refused`: the answer to give and the word for holdfast_http_reject_total.
    int status() const { return status_; }
    const char* reason() const { return reason_; }

    // After `done`. Method, target, headers, body and upgrade are filled in.
    HttpRequest& request() { return request_; }
    std::string& leftover() { return leftover_; }
    bool keep_alive() const { return keep_alive_; }

  private:
    ReadStep refuse(int status, const char* reason);
    bool check_bytes(std::size_t from);
    ReadStep parse_head(std::size_t head_bytes);
    ReadStep check_fields();
    ReadStep take_body(std::string_view bytes);

    HttpLimits limits_;
    std::string head_;  // up to the empty line, then empty of meaning
    bool in_body_ = false;
    std::size_t body_bytes_ = 0;
    bool keep_alive_ = false;
    int status_ = 0;
    const char* reason_ = "";
    HttpRequest request_;
    std::string leftover_;
};

// Comma-separated tokens of every field of that name.
std::vector<std::string> header_tokens(const HttpRequest& request, std::string_view name);

class ResponseReader {
  public:
    ResponseReader(std::size_t body_bytes_max, bool head_request);
    ~ResponseReader();

    ReadStep put(std::string_view bytes);  // not after `done`
    ReadStep put_eof();  // the server closed: the end of a body without a length
    const char* reason() const { return reason_; }  // after `refused`

    bool head_done() const;
    std::size_t body_bytes() const;  // that have come
    bool keep_alive() const;         // after `done`
    HttpAnswer head() const;         // once head_done(); without the body
    std::string take_body();         // what has come of it since the last time
    HttpAnswer take();               // once head_done(); the body as far as it has come
    std::string& leftover() { return pending_; }  // after `done`: what follows

  private:
    ReadStep refuse(const char* reason);
    void restart();
    struct Parser;
    std::size_t body_bytes_max_;
    bool head_request_;
    std::unique_ptr<Parser> parser_;
    std::string pending_;  // bytes Beast has not consumed
    int interim_ = 0;
    const char* reason_ = "";
};

// The only field of that name (case-insensitive), or empty.
std::string_view find_header(const std::vector<std::pair<std::string, std::string>>& headers,
                             std::string_view name);

// The whole response as bytes. Field names and values that could split it are dropped or cut.
std::string response_text(const HttpResponse& response, bool keep_alive, bool head_request,
                          std::int64_t utc_ms);

}  // namespace holdfast::net
