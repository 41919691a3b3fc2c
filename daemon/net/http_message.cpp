#include "base/text.hpp"
#include "config/limits.hpp"
#include "net/http_parse.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace holdfast::net {

namespace {

const char* status_words(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 426: return "Upgrade Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return "Status";
    }
}

bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char)) return;
    out.append(name).append(": ");
    for (const char c : value) {
        if (c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) out += c;
    }
    out += "\r\n";
}

// IMF-fixdate, without the locale.
std::string http_date(std::int64_t utc_ms) {
    static constexpr const char* k_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* k_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = static_cast<std::time_t>(utc_ms / 1000);
    std::tm t{};
    if (gmtime_r(&seconds, &t) == nullptr) return {};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", k_days[t.tm_wday], t.tm_mday,
                  k_months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return text;
}

bool is_framing_field(std::string_view name) {
    return base::equal_ignoring_case(name, "Content-Length") ||
           base::equal_ignoring_case(name, "Transfer-Encoding") ||
           base::equal_ignoring_case(name, "Connection");
}

}  // namespace

std::string_view find_header(const std::vector<std::pair<std::string, std::string>>& headers,
                             std::string_view name) {
    std::string_view found;
    int count = 0;
    for (const auto& field : headers) {
        if (!base::equal_ignoring_case(field.first, name)) continue;
        found = field.second;
        ++count;
    }
    return count == 1 ? found : std::string_view();
}

std::string_view HttpRequest::header(std::string_view name) const { return find_header(headers, name); }

std::string_view HttpRequest::path() const {
    const std::string_view all = target;
    return all.substr(0, all.find('?'));
}

std::string_view HttpRequest::query() const {
    const std::string_view all = target;
    const auto mark = all.find('?');
    return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
}

std::string response_text(const HttpResponse& response, bool keep_alive, bool head_request,
                          std::int64_t utc_ms) {
    const bool bodiless = response.status == 204 || response.status == 304;
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " " + status_words(response.status) + "\r\n";
    append_field(out, "Date", http_date(utc_ms));
    if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
    for (const auto& [name, value] : response.headers) {
        if (!is_framing_field(name)) append_field(out, name, value);
    }
    if (!bodiless) append_field(out, "Content-Length", std::to_string(response.body.size()));
    append_field(out, "Connection", keep_alive ? "keep-alive" : "close");
    out += "\r\n";
    if (!bodiless && !head_request) out += response.body;
    return out;
}

HttpLimits HttpLimits::defaults() {
    namespace l = holdfast::limits;
    HttpLimits limits{};
    limits.header_bytes_max = l::header_bytes_max;
    limits.header_fields_max = l::header_fields_max;
    limits.body_bytes_max = l::body_bytes_max;
    limits.tls_and_header_total = l::tls_and_header_total;
    limits.body_total = l::body_total;
    limits.keep_alive_idle = l::keep_alive_idle;
    limits.connections_max = l::connections_max;
    limits.unproven_drop_from = l::unproven_drop_from;
    limits.unproven_max = l::unproven_max;
    limits.unproven_drop_first = l::unproven_drop_first;
    limits.unproven_per_address = l::unproven_per_address;
    limits.handshakes_max = l::handshakes_max;
    limits.handshakes_per_second = l::handshakes_per_second;
    limits.penalty_bad_signatures = l::penalty_bad_signatures;
    limits.penalty_window = l::penalty_window;
    limits.penalty_time = l::penalty_time;
    limits.penalty_table_max = l::penalty_table_max;
    limits.accept_pause = l::accept_pause;
    return limits;
}

}  // namespace holdfast::net
