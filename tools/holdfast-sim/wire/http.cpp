#include "wire/http.hpp"

#include "base/text.hpp"
#include "base/timer.hpp"
#include "net/asio_loop.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_head_max = 64 * 1024;

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    return line;
}

const char* reason_of(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 302:
            return "Found";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 429:
            return "Too Many Requests";
        case 503:
            return "Service Unavailable";
        default:
            return status < 400 ? "OK" : "Error";
    }
}

}  // namespace

std::string_view HttpMessage::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (base::equal_ignoring_case(key, name)) return value;
    }
    return {};
}

std::size_t HttpMessage::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers.begin(), headers.end(),
        [&](const auto& field) { return base::equal_ignoring_case(field.first, name); }));
}

HttpReader::State HttpReader::fail(std::string problem) {
    problem_ = std::move(problem);
    return state_ = State::bad;
}

HttpReader::State HttpReader::feed(std::string_view bytes) {
    rest_ += bytes;
    if (state_ != State::need_more) return state_;
    if (!head_done_) {
        const std::size_t end = rest_.find("\r\n\r\n");
        if (end == std::string::npos)
            return rest_.size() > k_head_max ? fail("head too large") : State::need_more;
        const std::string head = rest_.substr(0, end + 2);
        rest_.erase(0, end + 4);
        if (read_head(head) != State::need_more) return state_;
    }
    return read_body();
}

HttpReader::State HttpReader::read_head(std::string_view head) {
    head_done_ = true;
    const std::string_view start = take_line(head);
    const std::size_t first = start.find(' ');
    const std::size_t second = start.find(' ', first == std::string_view::npos ? first : first + 1);
    if (first == std::string_view::npos) return fail("start line");
    if (kind_ == Kind::request) {
        if (second == std::string_view::npos) return fail("start line");
        message_.method.assign(start.substr(0, first));
        message_.target.assign(start.substr(first + 1, second - first - 1));
    } else {
        const auto status = base::parse_decimal(start.substr(first + 1, 3));
        if (start.substr(0, 7) != "HTTP/1." || !status) return fail("status line");
        message_.status = static_cast<int>(*status);
    }
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        const std::size_t colon = line.find(':');
        if (colon == 0 || colon == std::string_view::npos) return fail("header field");
        message_.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    chunked_ = base::equal_ignoring_case(message_.header("Transfer-Encoding"), "chunked");
    if (const auto length = message_.header("Content-Length"); !length.empty()) {
        const auto bytes = base::parse_decimal(length);
        if (!bytes || message_.count("Content-Length") > 1) return fail("Content-Length");
        length_ = static_cast<std::size_t>(*bytes);
        if (*length_ > body_max_) return fail("body of " + std::to_string(*bytes) + " bytes");
    }
    const bool no_body = message_.status == 101 || message_.status == 204 ||
                         (kind_ == Kind::request && !length_ && !chunked_);
    return state_ = no_body ? State::done : State::need_more;
}

HttpReader::State HttpReader::read_body() {
    if (chunked_) return read_chunks();
    const std::size_t wanted = length_ ? *length_ - message_.body.size() : rest_.size();
    const std::size_t take = std::min(wanted, rest_.size());
    message_.body.append(rest_, 0, take);
    rest_.erase(0, take);
    if (message_.body.size() > body_max_) return fail("body too large");
    if (length_ && message_.body.size() == *length_) state_ = State::done;
    return state_;
}

HttpReader::State HttpReader::read_chunks() {
    for (;;) {
        const std::size_t end = rest_.find("\r\n");
        if (end == std::string::npos) return state_;
        std::size_t size = 0;
        const auto parsed = std::from_chars(rest_.data(), rest_.data() + end, size, 16);
        if (parsed.ec != std::errc() || size > body_max_ || message_.body.size() + size > body_max_)
            return fail("chunk");
        if (rest_.size() < end + 2 + size + 2) return state_;
        message_.body.append(rest_, end + 2, size);
        rest_.erase(0, end + 2 + size + 2);
        if (size == 0) return state_ = State::done;
    }
}

HttpReader::State HttpReader::end_of_stream() {
    if (state_ != State::need_more) return state_;
    if (!head_done_) return fail("connection ended before an answer");
    if (length_ || chunked_) return fail("connection ended inside the body");
    return state_ = State::done;
}

std::string format_request(const std::string& method, const std::string& target,
                           const Headers& headers, std::string_view body) {
    std::string out = method + " " + target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    if (method == "POST" || !body.empty())
        out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    out += "\r\n";
    out += body;
    return out;
}

std::string format_response(int status, const Headers& headers, std::string_view body) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " " + reason_of(status) + "\r\n";
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    out += body;
    return out;
}

std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields) {
    static constexpr char k_hex[] = "0123456789ABCDEF";
    std::string out;
    const auto put = [&out](std::string_view text) {
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                               (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' ||
                               byte == '_' || byte == '*';
            if (plain) {
                out += c;
            } else if (byte == ' ') {
                out += '+';
            } else {
                out += '%';
                out += k_hex[byte >> 4];
                out += k_hex[byte & 15];
            }
        }
    };
    for (const auto& [name, value] : fields) {
        if (!out.empty()) out += '&';
        put(name);
        out += '=';
        put(value);
    }
    return out;
}

Endpoint endpoint_for(const net::Url& url, const Route& route) {
    if (route.host.empty()) return {url.host, url.port, url.host};
    return {route.host, route.port, url.host};
}

namespace {

class Fetch final : public StreamHandler, public std::enable_shared_from_this<Fetch> {
  public:
    Fetch(net::AsioLoop& loop, HttpFetch fetch, std::function<void(base::Result<HttpMessage>)> done)
        : fetch_(std::move(fetch)),
          done_(std::move(done)),
          timer_(loop),
          reader_(HttpReader::Kind::response, fetch_.body_max) {}

    void start(net::AsioLoop& loop) {
        self_ = shared_from_this();
        timer_.arm(fetch_.timeout, [this] { finish(error("timeout", "no complete answer")); });
        const bool tls = fetch_.url.secure() && !fetch_.route.plain;
        stream_ = connect_stream(loop, endpoint_for(fetch_.url, fetch_.route),
                                 tls ? fetch_.tls : nullptr, fetch_.timeout, this);
    }

    void on_open() override {
        Headers headers{{"Host", fetch_.url.host_header()}, {"Connection", "close"}};
        headers.insert(headers.end(), fetch_.headers.begin(), fetch_.headers.end());
        stream_->write(format_request(fetch_.method, fetch_.url.target, headers, fetch_.body));
    }

    void on_bytes(std::string_view bytes) override { settle(reader_.feed(bytes)); }

    void on_end(const std::string& why) override {
        const bool answered =
            why.rfind("eof", 0) == 0 && reader_.end_of_stream() == HttpReader::State::done;
        if (answered) return settle(HttpReader::State::done);
        finish(error(why.rfind("timeout", 0) == 0 ? "timeout" : "connect", why));
    }

  private:
    static base::Error error(const char* code, std::string detail) {
        return base::make_error(base::Condition::retry, code, std::move(detail));
    }

    void settle(HttpReader::State state) {
        if (state == HttpReader::State::done) finish(std::move(reader_.message()));
        if (state == HttpReader::State::bad) finish(error("http", reader_.problem()));
    }

    void finish(base::Result<HttpMessage> result) {
        if (!done_) return;
        const auto keep = std::exchange(self_, nullptr);
        timer_.cancel();
        stream_->set_handler(nullptr);
        stream_->close();
        std::exchange(done_, nullptr)(std::move(result));
    }

    HttpFetch fetch_;
    std::function<void(base::Result<HttpMessage>)> done_;
    base::Timer timer_;
    HttpReader reader_;
    StreamPtr stream_;
    std::shared_ptr<Fetch> self_;  // until finished
};

}  // namespace

void http_fetch(net::AsioLoop& loop, HttpFetch fetch,
                std::function<void(base::Result<HttpMessage>)> done) {
    std::make_shared<Fetch>(loop, std::move(fetch), std::move(done))->start(loop);
}

}  // namespace holdfast::sim
