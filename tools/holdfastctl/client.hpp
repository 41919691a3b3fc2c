// Talking to a daemon's admin listener: one request, or the event feed. Each call runs a loop of its
// own until it is done; the program has one thread.
#pragma once

#include "base/error.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {
class TlsClient;
}

namespace holdfast::ctl {

// One request of any peer, on a loop of its own until it is over; how long that may be says the call.
base::Result<net::HttpAnswer> call_and_wait(net::HttpCall call);

class Client {
  public:
    // `admin` is http(s)://host[:port]; `ca_file` adds a private CA for https.
    static base::Result<Client> make(const std::string& admin, const std::string& ca_file);

    base::Result<net::HttpAnswer> get(const std::string& target) const;
    // `body`: a JSON document.
    base::Result<net::HttpAnswer> post(const std::string& target, std::string body = "{}") const;

    base::Result<net::HttpAnswer> remove(const std::string& target, std::string body = "{}") const;

    struct Follower {
        std::function<bool(std::string_view text)> on_event;  // false: enough
        // Events are still handed over for so long after that: words that were being stored when a
        // call ended arrive in this time.
        std::chrono::milliseconds wait_after_stop{1000};
    };
    // Until the follower has enough, or the feed ends: then the error says how. A refusal of the
    // daemon has code "refused" and its message as detail.
    base::Result<void> follow(const std::string& target, const Follower& follower) const;

    const std::string& address() const { return address_; }

  private:
    Client() = default;
    base::Result<net::HttpAnswer> send(const char* method, const std::string& target, std::string body) const;
    base::Result<net::HttpAnswer> ask(net::HttpCall call) const;
    net::Url url(const std::string& target, std::string_view scheme) const;

    std::string address_;  // as given, for messages
    net::Url base_;
    std::shared_ptr<net::TlsClient> tls_;
};

// The message of the daemon's error document, or the status code.
std::string refusal_message(int status, std::string_view body);

}  // namespace holdfast::ctl
