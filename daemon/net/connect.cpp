#include "net/connect.hpp"

#include "base/timer.hpp"
#include "net/asio_loop.hpp"
#include "net/tls_impl.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <utility>
#include <vector>

namespace holdfast::net {

namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto k_head_start = 250ms;        // N22, RFC 8305
constexpr std::size_t k_addresses_max = 8;
constexpr auto k_dns_patience = 300ms;      // then remembered addresses are tried meanwhile (N02)
constexpr auto k_address_memory = 24h;      // N01
constexpr std::size_t k_names_max = 32;

using Addresses = std::vector<tcp::endpoint>;

// Last good answers of name resolution, so that a dead resolver does not take a live provider with
// it. One per loop thread; a wrong address is caught by the certificate check.
class AddressMemory {
  public:
    void remember(const std::string& name, const Addresses& addresses, base::TimePoint now) {
        if (known_.size() >= k_names_max && known_.count(name) == 0) known_.erase(known_.begin());
        known_[name] = {addresses, now};
    }
    Addresses recall(const std::string& name, base::TimePoint now) const {
        const auto found = known_.find(name);
        if (found == known_.end() || now - found->second.when > k_address_memory) return {};
        return found->second.addresses;
    }

  private:
    struct Entry {
        Addresses addresses;
        base::TimePoint when;
    };
    std::map<std::string, Entry> known_;
};

AddressMemory& address_memory() {
    thread_local AddressMemory memory;
    return memory;
}

// The resolver's order, families alternating, so that one broken family costs one head start.
Addresses interleave(const Addresses& in) {
    Addresses first;
    Addresses second;
    for (const auto& e : in) {
        (e.address().is_v6() == in.front().address().is_v6() ? first : second).push_back(e);
    }
    Addresses out;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size()) out.push_back(second[i]);
    }
    if (out.size() > k_addresses_max) out.resize(k_addresses_max);
    return out;
}

class Connector final : public Connect, public StreamUser, public std::enable_shared_from_this<Connector> {
  public:
    Connector(AsioLoop& loop, const Url& url, std::shared_ptr<TlsClient> tls, Done done)
        : loop_(loop), url_(url), tls_(std::move(tls)), done_(std::move(done)), resolver_(loop.io()),
          timer_(loop) {}

    void begin() {
        error_code ec;
        const auto address = boost::asio::ip::make_address(url_.host, ec);
        if (!ec) {
            boost::asio::post(loop_.io(), [self = shared_from_this(), address] {
                self->try_addresses({tcp::endpoint(address, self->url_.port)});
            });
            return;
        }
        resolver_.async_resolve(url_.host, std::to_string(url_.port), tcp::resolver::numeric_service,
                                [self = shared_from_this()](const error_code& e, const auto& found) {
                                    Addresses addresses;
                                    for (const auto& entry : found) addresses.push_back(entry.endpoint());
                                    self->resolved(e, std::move(addresses));
                                });
        arm(k_dns_patience, &Connector::lose_patience);
    }

    void cancel() override {
        done_ = nullptr;
        stop();
        if (stream_) stream_->close();  // destroyed by on_handshake: the operation still refers to it
    }

    const char* phase() const override { return phase_; }

    void on_handshake(const error_code& ec) override {
        auto stream = std::exchange(stream_, nullptr);
        if (!done_) return;
        if (ec) return finish(fail("tls", stream->tls_failure(ec)));
        finish(std::move(stream));
    }
    void on_read(const error_code&, std::size_t) override {}
    void on_written(const error_code&) override {}

  private:
    struct Attempt {
        explicit Attempt(boost::asio::io_context& io) : socket(io) {}
        Socket socket;
    };

    static base::Error fail(const char* code, std::string detail) {
        return base::make_error(base::Condition::retry, code, std::move(detail));
    }

    void arm(base::Mono::duration after, void (Connector::*then)()) {
        timer_.arm(after, [weak = weak_from_this(), then] {
            if (const auto self = weak.lock(); self && self->done_) (self.get()->*then)();
        });
    }

    void lose_patience() { try_addresses(address_memory().recall(name(), loop_.now())); }

    void resolved(const error_code& ec, Addresses addresses) {
        if (!done_) return;
        if (!ec && !addresses.empty()) address_memory().remember(name(), addresses, loop_.now());
        if (!addresses_.empty()) return;  // patience was lost, remembered ones are being tried
        if (ec || addresses.empty()) addresses = address_memory().recall(name(), loop_.now());
        if (addresses.empty()) return finish(fail("dns", ec.message()));
        try_addresses(std::move(addresses));
    }

    void try_addresses(Addresses addresses) {
        if (!done_ || addresses.empty()) return;
        phase_ = "connect";
        addresses_ = interleave(addresses);
        try_next();
    }

    void try_next() {
        if (next_ >= addresses_.size()) {
            if (attempts_.empty()) finish(fail("connect", last_error_.message()));
            return;
        }
        const auto attempt = attempts_.emplace(attempts_.end(), loop_.io());
        const auto endpoint = addresses_[next_++];
        attempt->socket.async_connect(endpoint, [self = shared_from_this(), attempt](const error_code& ec) {
            self->connected(attempt, ec);
        });
        if (next_ < addresses_.size()) arm(k_head_start, &Connector::try_next);
    }

    // After stop() the attempts live on until their handlers, this one, have run.
    void connected(std::list<Attempt>::iterator attempt, const error_code& ec) {
        Socket socket = std::move(attempt->socket);
        attempts_.erase(attempt);
        if (!done_ || stream_) return;
        if (ec) {
            last_error_ = ec;
            return try_next();
        }
        stop();
        take(std::move(socket));
    }

    void take(Socket&& socket) {
        if (!url_.secure()) return finish(make_plain_stream(std::move(socket)));
        SslPtr ssl = tls_ ? tls_->impl().make_ssl(url_.host) : nullptr;
        if (!ssl) return finish(fail("tls", "other: no TLS context"));
        phase_ = "tls";
        stream_ = make_tls_client_stream(std::move(socket), ssl.release());
        stream_->handshake(shared_from_this());
    }

    void stop() {
        timer_.cancel();
        resolver_.cancel();
        for (auto& attempt : attempts_) {
            error_code ignored;
            attempt.socket.close(ignored);
        }
    }

    void finish(base::Result<std::unique_ptr<Stream>> result) {
        stop();
        const Done done = std::exchange(done_, nullptr);
        if (done) done(std::move(result));
    }

    std::string name() const { return url_.host + ":" + std::to_string(url_.port); }

    AsioLoop& loop_;
    Url url_;
    std::shared_ptr<TlsClient> tls_;
    Done done_;  // empty: over
    tcp::resolver resolver_;
    base::Timer timer_;
    const char* phase_ = "dns";
    Addresses addresses_;
    std::size_t next_ = 0;
    std::list<Attempt> attempts_;
    error_code last_error_;
    std::unique_ptr<Stream> stream_;  // during the TLS handshake
};

}  // namespace

std::shared_ptr<Connect> Connect::start(AsioLoop& loop, const Url& url, std::shared_ptr<TlsClient> tls,
                                        Done done) {
    auto connector = std::make_shared<Connector>(loop, url, std::move(tls), std::move(done));
    connector->begin();
    return connector;
}

}  // namespace holdfast::net
