#include "twilio/signature.hpp"

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/random.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace holdfast::twilio {
namespace {

constexpr std::size_t k_signature_chars = 28;  // base64 of a SHA-1 digest
constexpr std::string_view k_body_hash_key = "bodySHA256";

// Names sorted by byte, the values of a name sorted too, equal pairs once. (The official validator
// sorts by UTF-16 unit, which differs only between U+E000..U+FFFF and the supplementary planes.)
std::string signed_tail(const Params& params) {
    using Pair = Params::value_type;
    std::vector<std::reference_wrapper<const Pair>> sorted(params.begin(), params.end());
    const auto less = [](const Pair& a, const Pair& b) { return a < b; };
    const auto same = [](const Pair& a, const Pair& b) { return a == b; };
    std::sort(sorted.begin(), sorted.end(), less);
    sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
    std::string tail;
    for (const Pair& pair : sorted) tail.append(pair.first).append(pair.second);
    return tail;
}

// Empty when OpenSSL has no SHA-1 to offer; an empty text never matches a signature.
std::string hmac_base64(std::string_view token, std::string_view data) {
    return base::base64_encode(base::hmac_sha1(token, data));
}

struct Origin {
    const char* scheme = nullptr;  // of the signed URL
    const char* standard_port = "";
    std::string_view host;         // IPv6 with its brackets
    std::string_view port;         // empty: none given
};

bool split_scheme(std::string_view base, bool websocket, Origin& origin, std::string_view& rest) {
    const auto colon = base.find("://");
    if (colon == std::string_view::npos) return false;
    const auto scheme = base.substr(0, colon);
    const auto is = [scheme](std::string_view word) { return base::equal_ignoring_case(scheme, word); };
    const bool secure = is("https") || is("wss");
    if (!secure && !is("http") && !is("ws")) return false;
    origin.scheme = websocket ? (secure ? "wss://" : "ws://") : (secure ? "https://" : "http://");
    origin.standard_port = secure ? "443" : "80";
    rest = base.substr(colon + 3);
    return true;
}

bool split_origin(std::string_view base, bool websocket, Origin& origin) {
    std::string_view authority;
    if (!split_scheme(base, websocket, origin, authority)) return false;
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
    const auto bracket = authority.rfind(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    origin.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) origin.port = authority.substr(colon + 1);
    return !origin.host.empty();
}

// The same target with its path's trailing slash put on or taken off; what follows '?' stays.
std::string other_slash(std::string_view target) {
    const auto end = std::min(target.find('?'), target.size());
    std::string out(target.substr(0, end));
    if (out.back() == '/') {
        out.pop_back();
    } else {
        out.push_back('/');
    }
    return out.append(target.substr(end));
}

}  // namespace

std::string sign(std::string_view token, std::string_view url, const Params& params) {
    return hmac_base64(token, std::string(url) + signed_tail(params));
}

std::vector<UrlForm> url_forms(std::string_view base, std::string_view target, bool websocket) {
    Origin origin;
    if (!split_origin(base, websocket, origin) || target.empty() || target[0] != '/') return {};

    std::vector<std::string_view> ports{"", origin.standard_port};
    if (!origin.port.empty() && origin.port != origin.standard_port) ports.push_back(origin.port);

    std::vector<UrlForm> forms;
    const auto add = [&](std::string_view path, const char* without, const char* with) {
        for (const auto port : ports) {
            std::string url = origin.scheme;
            url.append(origin.host).append(port.empty() ? "" : ":").append(port).append(path);
            forms.push_back({std::move(url), port.empty() ? without : with});
        }
    };
    add(target, "plain", "port");
    if (websocket) add(other_slash(target), "slash", "port_slash");
    return forms;
}

SignatureMatch verify(std::string_view signature, const std::vector<UrlForm>& forms, const Params& params,
                      const std::vector<base::Secret>& tokens) {
    SignatureMatch match;
    if (signature.size() != k_signature_chars) return match;
    const std::string tail = signed_tail(params);
    for (const UrlForm& form : forms) {
        const std::string data = form.url + tail;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (tokens[i].reveal().empty()) continue;
            const bool equal = base::equal_constant_time(hmac_base64(tokens[i].reveal(), data), signature);
            if (equal && !match) match = {form.which, static_cast<int>(i)};
        }
    }
    return match;
}

bool verify_body_hash(std::string_view target, std::string_view body) {
    const auto question = target.find('?');
    if (question == std::string_view::npos) return false;
    std::string_view wanted;
    int given = 0;
    for (auto rest = target.substr(question + 1); !rest.empty();) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (pair.substr(0, pair.find('=')) != k_body_hash_key) continue;
        wanted = pair.substr(std::min(k_body_hash_key.size() + 1, pair.size()));
        ++given;
    }
    return given == 1 && base::equal_constant_time(wanted, base::sha256_hex(body));
}

}  // namespace holdfast::twilio
