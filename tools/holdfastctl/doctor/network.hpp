// What checks ask of the network, one question at a time: each call runs a loop of its own and blocks for at most its
// time. A name that hangs is given up by run_checks only (isolate.hpp).
#pragma once

#include "base/error.hpp"
#include "net/http_client.hpp"
#include "net/tls_look.hpp"
#include "net/url.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::ctl::doctor {

constexpr std::chrono::milliseconds k_connect_limit{5000};
constexpr std::chrono::milliseconds k_check_limit{15'000};

struct Names {
    std::vector<std::string> addresses;
    std::string problem;  // empty: there are addresses
};
Names resolve(const std::string& host);
// The hosts that stand for mongodb+srv://host, as the database's own library asks for them.
std::vector<net::Url> resolve_srv(const std::string& host);
bool is_private(const std::string& address);  // of a local network, or of this machine

base::Result<net::CertificateLook> look(const net::Url& url, const std::string& ca_file);

// Within k_connect_limit, and of a body only what a check needs. The `tls` of the call is made here.
base::Result<net::HttpAnswer> ask(net::HttpCall call, const std::string& ca_file);

// A realtime session of OpenAI that says one word of text: "" when it was said, else a code of the API ("insufficient_quota",
// "http_429") or of the network.
std::string one_paid_word(const net::Url& url, const std::string& ca_file, const std::string& key);

}  // namespace holdfast::ctl::doctor
