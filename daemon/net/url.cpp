#include "net/url.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace holdfast::net {

namespace {

constexpr std::size_t k_host_bytes_max = 253;

struct Scheme {
    std::string_view name;
    std::uint16_t port;
};
constexpr std::array<Scheme, 4> k_schemes{{{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}}};

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool is_ipv6(const std::string& text) {
    in6_addr address{};
    return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_ipv4(const std::string& text) {
    in_addr address{};
    return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

// Labels of letters, digits, hyphens and (seen in the field) underscores. A name made of digits and
// dots only must be a proper IPv4 address: resolvers disagree about what else it could mean.
bool is_host_name(const std::string& host) {
    if (host.empty() || host.size() > k_host_bytes_max) return false;
    std::size_t label = 0;
    for (std::size_t i = 0; i <= host.size(); ++i) {
        if (i < host.size() && host[i] != '.') {
            if (!is_alnum(host[i]) && host[i] != '-' && host[i] != '_') return false;
            ++label;
        } else {
            const bool root = i == host.size() && i > 0 && host[i - 1] == '.';  // "name."
            if ((label == 0 && !root) || label > 63) return false;
            label = 0;
        }
    }
    if (host.find_first_not_of("0123456789.") == std::string::npos) return is_ipv4(host);
    return true;
}

bool split_authority(std::string_view authority, Url& url) {
    std::string_view host = authority;
    std::string_view port;
    if (!authority.empty() && authority.front() == '[') {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return false;
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!port.empty() && port.front() != ':') return false;
        url.host = lower(host);
        if (!is_ipv6(url.host)) return false;
    } else {
        const auto colon = authority.find(':');
        if (colon != std::string_view::npos) {
            host = authority.substr(0, colon);
            port = authority.substr(colon);
        }
        url.host = lower(host);
        if (!is_host_name(url.host)) return false;
    }
    if (port.empty()) return true;
    const auto number = base::parse_decimal(port.substr(1));
    if (!number || *number < 1 || *number > 65'535 || port.size() > 6) return false;
    url.port = static_cast<std::uint16_t>(*number);
    url.explicit_port = true;
    return true;
}

}  // namespace

std::string Url::host_header() const {
    const bool v6 = host.find(':') != std::string::npos;
    std::string out = v6 ? "[" + host + "]" : host;
    const auto scheme_of_ours = std::find_if(k_schemes.begin(), k_schemes.end(),
                                             [this](const Scheme& s) { return s.name == scheme; });
    if (scheme_of_ours == k_schemes.end() || scheme_of_ours->port != port) {
        out += ':';
        out += std::to_string(port);
    }
    return out;
}

std::optional<Url> parse_url(std::string_view text) {
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (!std::all_of(text.begin(), text.end(), visible)) return std::nullopt;
    if (text.find_first_of("#\\\"<>^`{}|") != std::string_view::npos) return std::nullopt;
    const auto after_scheme = text.find("://");
    if (after_scheme == std::string_view::npos) return std::nullopt;
    Url url;
    url.scheme = lower(text.substr(0, after_scheme));
    const auto scheme = std::find_if(k_schemes.begin(), k_schemes.end(),
                                     [&url](const Scheme& s) { return s.name == url.scheme; });
    if (scheme == k_schemes.end()) return std::nullopt;
    url.port = scheme->port;

    const std::string_view rest = text.substr(after_scheme + 3);
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (!split_authority(rest.substr(0, end), url)) return std::nullopt;
    url.target = std::string(rest.substr(end));
    if (url.target.empty() || url.target.front() != '/') url.target.insert(0, 1, '/');
    return url;
}

bool is_loopback(std::string_view host) {
    const std::string text = lower(host);
    if (text == "localhost") return true;
    in_addr v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace holdfast::net
