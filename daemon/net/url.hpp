// The few URLs we use: http, https, ws, wss with host, optional port and target. Strict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case; IPv6 without brackets
    std::uint16_t port = 0;          // explicit or the scheme's default
    bool explicit_port = false;
    std::string target;  // path and query, starts with '/'
    bool secure() const { return scheme == "https" || scheme == "wss"; }
    std::string host_header() const;  // host[:port] as it goes into Host:
};

// Refuses user info, fragments, control characters, unknown schemes.
std::optional<Url> parse_url(std::string_view text);

// 127.0.0.0/8, ::1 or "localhost". A name is never resolved here.
bool is_loopback(std::string_view host);

}  // namespace holdfast::net
