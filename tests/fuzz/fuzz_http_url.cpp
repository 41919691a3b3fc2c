// URLs: what is taken has only clean parts, and written out again it is taken as the same URL.
#include "fuzz.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace holdfast;

bool clean(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c != 0x7f; });
}

void check_url(const net::Url& url) {
    FUZZ_CHECK(url.scheme == "http" || url.scheme == "https" || url.scheme == "ws" || url.scheme == "wss");
    FUZZ_CHECK(!url.host.empty() && clean(url.host) && url.host.find_first_of("/?#@[]") == std::string::npos);
    FUZZ_CHECK(std::none_of(url.host.begin(), url.host.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
    FUZZ_CHECK(url.port != 0 && !url.target.empty() && url.target[0] == '/');
    FUZZ_CHECK(url.target.find_first_of("# \r\n\t") == std::string::npos && url.target.find('\0') == std::string::npos);
    const std::string written = url.scheme + "://" + url.host_header() + url.target;
    const auto again = net::parse_url(written);
    FUZZ_CHECK(again && again->scheme == url.scheme && again->host == url.host && again->port == url.port);
    FUZZ_CHECK(again->target == url.target && again->secure() == url.secure());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = fuzz::text(data, size);
    if (const auto url = net::parse_url(input)) check_url(*url);
    (void)net::is_loopback(input);
    return 0;
}
