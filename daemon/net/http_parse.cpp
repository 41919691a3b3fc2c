#include "net/http_parse.hpp"

#include "base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::string_view k_head_end = "\r\n\r\n";
constexpr std::uint32_t k_answer_head_max = 16 * 1024;
constexpr int k_interim_answers_max = 4;

template <class Text>
std::string to_string(const Text& text) {
    return std::string(text.data(), text.size());
}

template <class Fields>
std::vector<std::pair<std::string, std::string>> copy_fields(const Fields& fields) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& field : fields) {
        out.emplace_back(to_string(field.name_string()), to_string(field.value()));
    }
    return out;
}

std::size_t count_headers(const HttpRequest& request, std::string_view name) {
    const auto same = [name](const auto& field) { return base::equal_ignoring_case(field.first, name); };
    return static_cast<std::size_t>(
        std::count_if(request.headers.begin(), request.headers.end(), same));
}

bool has_token(const HttpRequest& request, std::string_view name, std::string_view token) {
    const auto tokens = header_tokens(request, name);
    return std::any_of(tokens.begin(), tokens.end(),
                       [token](const auto& t) { return base::equal_ignoring_case(t, token); });
}

}  // namespace

// --- requests ---

void RequestReader::reset() {
    head_.clear();
    in_body_ = false;
    body_bytes_ = 0;
    status_ = 0;
    reason_ = "";
    request_ = HttpRequest();
    leftover_.clear();
}

ReadStep RequestReader::refuse(int status, const char* reason) {
    status_ = status;
    reason_ = reason;
    return ReadStep::refused;
}

ReadStep RequestReader::put(std::string_view bytes) {
    if (in_body_) return take_body(bytes);
    const std::size_t seen = head_.size();
    head_.append(bytes.substr(0, limits_.header_bytes_max + 1 - std::min(seen, limits_.header_bytes_max)));
    const std::size_t taken = head_.size() - seen;
    const std::size_t end = head_.find(k_head_end, seen < 3 ? 0 : seen - 3);
    if (end != std::string::npos) {
        const std::size_t head_bytes = end + k_head_end.size();
        const std::size_t used = head_bytes - seen;
        head_.resize(head_bytes);
        if (!check_bytes(seen)) return refuse(400, "malformed");
        if (head_bytes > limits_.header_bytes_max) return refuse(431, "header_too_large");
        const ReadStep step = parse_head(head_bytes);
        return step == ReadStep::more ? take_body(bytes.substr(used)) : step;
    }
    if (!check_bytes(seen)) return refuse(400, "malformed");
    if (head_.size() > limits_.header_bytes_max || taken < bytes.size()) {
        return refuse(431, "header_too_large");
    }
    return ReadStep::more;
}

// Control characters, bare CR or LF, folded lines and an empty first line have no place in a head.
bool RequestReader::check_bytes(std::size_t from) {
    for (std::size_t i = from; i < head_.size(); ++i) {
        const auto c = static_cast<unsigned char>(head_[i]);
        const char before = i > 0 ? head_[i - 1] : '\n';
        if (before == '\r' && c != '\n') return false;
        if (c == '\n' && before != '\r') return false;
        if (c < 0x20 && c != '\r' && c != '\n' && c != '\t') return false;
        if (c == 0x7f) return false;
        if (before == '\n' && (c == ' ' || c == '\t' || (i == 0 && c == '\r'))) return false;
    }
    return true;
}

ReadStep RequestReader::parse_head(std::size_t head_bytes) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // ours has been applied
    parser.body_limit(boost::none);                                  // ours comes below
    error_code ec;
    const auto line_end = head_.find('\r');
    parser.put(boost::asio::buffer(head_.data(), head_bytes), ec);
    if (ec == http::error::bad_version) return refuse(505, "version");
    if (ec == http::error::bad_transfer_encoding) return refuse(411, "transfer_encoding");
    if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length) {
        return refuse(400, "content_length");
    }
    if (ec || !parser.is_header_done() || line_end == std::string::npos) return refuse(400, "malformed");

    const auto& message = parser.get();
    request_.method = to_string(message.method_string());
    request_.target = to_string(message.target());
    request_.headers = copy_fields(message);
    keep_alive_ = message.version() == 11 && message.keep_alive();
    if (request_.headers.size() > limits_.header_fields_max) return refuse(431, "header_too_large");
    const auto length = parser.chunked() ? boost::none : parser.content_length();
    body_bytes_ = length ? static_cast<std::size_t>(*length) : 0;
    if (message.version() == 11 && count_headers(request_, "Host") != 1) return refuse(400, "malformed");
    return check_fields();
}

ReadStep RequestReader::check_fields() {
    if (count_headers(request_, "Host") > 1) return refuse(400, "malformed");
    if (count_headers(request_, "Transfer-Encoding") > 0) return refuse(411, "transfer_encoding");
    if (count_headers(request_, "Content-Length") > 1) return refuse(400, "content_length");
    if (count_headers(request_, "Expect") > 0) return refuse(417, "expect");
    // Beast takes "5, 5" for a length.
    if (const auto length = request_.header("Content-Length");
        length.find_first_not_of("0123456789") != std::string_view::npos) {
        return refuse(400, "content_length");
    }
    if (body_bytes_ > limits_.body_bytes_max) return refuse(413, "body_too_large");
    request_.upgrade = keep_alive_ && has_token(request_, "Upgrade", "websocket") &&
                       has_token(request_, "Connection", "upgrade");
    if (request_.upgrade && (request_.method != "GET" || body_bytes_ > 0)) {
        return refuse(400, "malformed");
    }
    in_body_ = true;
    request_.body.reserve(body_bytes_);
    return ReadStep::more;
}

ReadStep RequestReader::take_body(std::string_view bytes) {
    const std::size_t take = std::min(bytes.size(), body_bytes_ - request_.body.size());
    request_.body.append(bytes.substr(0, take));
    if (request_.body.size() < body_bytes_) return ReadStep::more;
    leftover_.assign(bytes.substr(take));
    // A client that sends ahead would have to trust us to keep its requests apart. Frames behind an
    // upgrade belong to the WebSocket.
    if (!leftover_.empty() && !request_.upgrade) return refuse(400, "pipelined");
    return ReadStep::done;
}

std::vector<std::string> header_tokens(const HttpRequest& request, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& field : request.headers) {
        if (!base::equal_ignoring_case(field.first, name)) continue;
        for (const auto& token : http::token_list(field.second)) out.push_back(to_string(token));
    }
    return out;
}

// --- responses ---

struct ResponseReader::Parser {
    http::response_parser<http::string_body> http;
};

ResponseReader::ResponseReader(std::size_t body_bytes_max, bool head_request)
    : body_bytes_max_(body_bytes_max), head_request_(head_request) {
    restart();
}

ResponseReader::~ResponseReader() = default;

void ResponseReader::restart() {
    parser_ = std::make_unique<Parser>();
    parser_->http.header_limit(k_answer_head_max);
    parser_->http.body_limit(body_bytes_max_);
    parser_->http.eager(true);
    parser_->http.skip(head_request_);
}

bool ResponseReader::head_done() const { return parser_->http.is_header_done(); }
std::size_t ResponseReader::body_bytes() const { return parser_->http.get().body().size(); }

ReadStep ResponseReader::put(std::string_view bytes) {
    pending_.append(bytes);
    while (!pending_.empty()) {
        error_code ec;
        const auto used = parser_->http.put(boost::asio::buffer(pending_), ec);
        pending_.erase(0, used);
        if (ec == http::error::need_more) return ReadStep::more;
        if (ec) return refuse(ec == http::error::body_limit ? "body_too_large" : "malformed");
        if (parser_->http.is_done()) {
            const auto status = parser_->http.get().result_int();
            if (status < 100 || status >= 200 || status == 101) return ReadStep::done;
            if (++interim_ > k_interim_answers_max) return refuse("malformed");
            restart();  // "100 Continue" and the like announce the real one
        } else if (used == 0) {
            return ReadStep::more;
        }
    }
    return ReadStep::more;
}

ReadStep ResponseReader::put_eof() {
    error_code ec = http::error::partial_message;
    if (parser_->http.got_some()) parser_->http.put_eof(ec);
    return !ec && parser_->http.is_done() ? ReadStep::done : refuse("truncated");
}

ReadStep ResponseReader::refuse(const char* reason) {
    reason_ = reason;
    return ReadStep::refused;
}

HttpAnswer ResponseReader::head() const {
    const auto& message = parser_->http.get();
    HttpAnswer answer;
    answer.status = static_cast<int>(message.result_int());
    answer.headers = copy_fields(message);
    return answer;
}

// Beast appends to the string it finds; the limit is counted by the parser, not by the string.
std::string ResponseReader::take_body() { return std::exchange(parser_->http.get().body(), {}); }

HttpAnswer ResponseReader::take() {
    HttpAnswer answer = head();
    answer.body = take_body();
    return answer;
}

bool ResponseReader::keep_alive() const { return parser_->http.keep_alive(); }

}  // namespace holdfast::net
