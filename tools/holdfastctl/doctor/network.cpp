#include "holdfastctl/doctor/network.hpp"

#include "base/timer.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/client.hpp"
#include "net/asio_loop.hpp"
#include "net/tls.hpp"
#include "net/ws.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace holdfast::ctl::doctor {
namespace {

constexpr std::size_t k_addresses_max = 32;
constexpr std::size_t k_body_bytes_max = 4 * 1024 * 1024;  // a list of models

// The library's own limits would outlast those of a check: two tries of 5 s for each server.
void be_quick() { ::setenv("RES_OPTIONS", "timeout:2 attempts:1", 0); }

std::string text_of(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (bytes == nullptr || ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

// Talks to a realtime session for one short answer.
class OneWord : public net::WsListener {
  public:
    explicit OneWord(net::AsioLoop& loop) : loop_(loop), timer_(loop) {}

    void start(net::WsClientOptions options) {
        timer_.arm(k_connect_limit * 2, [this] { end("timeout"); });
        socket_ = net::ws_connect(loop_, std::move(options), this);
    }
    const std::string& result() const { return result_; }

    void on_ws_text(std::string_view text) override {
        const Json event = Json::parse(text, nullptr, false);
        const auto type = word(event, "type");
        if (type == "session.created") {
            socket_->send_text(
                R"({"type":"response.create","response":{"conversation":"none","input":[],"output_modalities":["text"],)"
                R"("instructions":"Answer with the one word: good","max_output_tokens":64}})");
        } else if (type == "error") {
            end(code_of(member(event, "error")));
        } else if (type == "response.done") {
            const Json& response = member(event, "response");
            const auto status = word(response, "status");
            // Cut off at its limit is paid for all the same.
            if (status == "completed" || status == "incomplete") return end("");
            end(code_of(member(member(response, "status_details"), "error")));
        }
    }
    void on_ws_binary(std::size_t) override {}
    void on_ws_closed(const net::WsClose& close) override {
        if (over_) return;
        if (close.http_status != 0) {
            const auto code = word(member(Json::parse(close.http_body, nullptr, false), "error"), "code");
            return end(code == "insufficient_quota" ? code : "http_" + std::to_string(close.http_status));
        }
        end(close.opened ? "closed" : close.error.code);
    }

  private:
    static std::string code_of(const Json& error) {
        const auto code = word(error, "code");
        return code.empty() ? "refused" : code;
    }

    void end(const std::string& result) {
        if (std::exchange(over_, true)) return;
        result_ = result;
        timer_.cancel();
        socket_->set_listener(nullptr);
        loop_.stop();
    }

    net::AsioLoop& loop_;
    base::Timer timer_;
    std::shared_ptr<net::WsConnection> socket_;
    std::string result_ = "closed";
    bool over_ = false;
};

}  // namespace

Names resolve(const std::string& host) {
    be_quick();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    Names names;
    for (const addrinfo* one = found; failed == 0 && one != nullptr && names.addresses.size() < k_addresses_max; one = one->ai_next) {
        auto text = text_of(one->ai_addr);
        if (!text.empty()) names.addresses.push_back(std::move(text));
    }
    if (failed != 0) names.problem = failed == EAI_AGAIN ? "no name server answers" : "the name is not known";
    else if (names.addresses.empty()) names.problem = "the name has no address";
    return names;
}

std::vector<net::Url> resolve_srv(const std::string& host) {
    be_quick();
    std::array<unsigned char, 8192> answer{};
    const std::string name = "_mongodb._tcp." + host;
    const int bytes = ::res_query(name.c_str(), ns_c_in, ns_t_srv, answer.data(), static_cast<int>(answer.size()));
    ns_msg message{};
    if (bytes <= 0 || ::ns_initparse(answer.data(), std::min(bytes, static_cast<int>(answer.size())), &message) != 0) return {};
    std::vector<net::Url> hosts;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && hosts.size() < k_addresses_max; ++i) {
        ns_rr record{};
        std::array<char, NS_MAXDNAME> target{};
        constexpr int k_before_target = 6;  // priority, weight, port
        if (::ns_parserr(&message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != ns_t_srv ||
            ns_rr_rdlen(record) <= k_before_target ||
            ::dn_expand(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + k_before_target, target.data(),
                        static_cast<int>(target.size())) < 0) {
            continue;
        }
        net::Url url;
        url.scheme = "https";
        url.host = target.data();
        url.port = static_cast<std::uint16_t>(ns_get16(ns_rr_rdata(record) + 4));
        url.explicit_port = true;
        url.target = "/";
        hosts.push_back(std::move(url));
    }
    return hosts;
}

bool is_private(const std::string& address) {
    in_addr four{};
    if (::inet_pton(AF_INET, address.c_str(), &four) == 1) {
        const auto bits = ntohl(four.s_addr);
        return (bits >> 24) == 10 || (bits >> 24) == 127 || (bits >> 24) == 0 || (bits >> 20) == 0xac1 || (bits >> 16) == 0xc0a8 ||
               (bits >> 16) == 0xa9fe || (bits >> 22) == (0x64400000U >> 22);
    }
    in6_addr six{};
    if (::inet_pton(AF_INET6, address.c_str(), &six) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six) || (six.s6_addr[0] & 0xfe) == 0xfc;
}

base::Result<net::CertificateLook> look(const net::Url& url, const std::string& ca_file) {
    be_quick();
    net::AsioLoop loop;
    base::Result<net::CertificateLook> result = base::make_error(base::Condition::retry, "closed");
    net::tls_look(loop, url, ca_file, k_connect_limit, [&loop, &result](base::Result<net::CertificateLook> seen) {
        result = std::move(seen);
        loop.stop();
    });
    loop.run();
    return result;
}

base::Result<net::HttpAnswer> ask(net::HttpCall call, const std::string& ca_file) {
    be_quick();
    call.timeout = k_connect_limit;
    call.body_bytes_max = k_body_bytes_max;
    if (call.url.secure()) {
        auto tls = net::TlsClient::make(ca_file);
        if (!tls) return tls.error();
        call.tls = *tls;
    }
    return call_and_wait(std::move(call));
}

std::string one_paid_word(const net::Url& url, const std::string& ca_file, const std::string& key) {
    be_quick();
    net::WsClientOptions options;
    options.url = url;
    options.headers = {{"Authorization", "Bearer " + key}};
    options.connect_timeout = k_connect_limit;
    options.limits.message_bytes_max = 1024 * 1024;
    if (url.secure()) {
        auto tls = net::TlsClient::make(ca_file);
        if (!tls) return tls.error().code;
        options.tls = *tls;
    }
    net::AsioLoop loop;
    OneWord word(loop);
    word.start(std::move(options));
    loop.run();
    return word.result();
}

}  // namespace holdfast::ctl::doctor
